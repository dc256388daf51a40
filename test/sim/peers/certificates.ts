import { execFileSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Certificates made by OpenSSL, as whoever runs a broker would make them: `<name>.crt` and `<name>.key` in one folder. */
export class Certificates {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  at(file: string): string {
    return join(this.folder, file);
  }

  files(name: string): { cert: string; key: string } {
    return { cert: this.at(`${name}.crt`), key: this.at(`${name}.key`) };
  }

  authority(name: string): void {
    const { cert, key } = this.files(name);
    openssl("req", "-x509", ...fresh(key), "-out", cert, "-subj", `/CN=${name}`, "-days", "2");
  }

  /** A certificate for localhost, signed by that authority. */
  signed(name: string, by: string, days = "2"): void {
    const { cert, key } = this.files(name);
    const request = this.at(`${name}.csr`);
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    openssl("req", "-new", ...fresh(key), "-out", request, ...names);
    const signer = ["-CA", this.files(by).cert, "-CAkey", this.files(by).key, "-CAcreateserial"];
    openssl("x509", "-req", "-in", request, ...signer, "-copy_extensions", "copy", "-days", days, "-out", cert);
  }

  /** The list of those certificates of an authority that are void, whole or not at all. */
  revoked(by: string, names: readonly string[]): string {
    const config = this.at(`${by}.cnf`);
    const index = this.at("index.txt");
    writeFileSync(config, `[ca]\ndefault_ca=d\n[d]\ndatabase=${index}\ndefault_md=sha256\ndefault_crl_days=2\n`);
    writeFileSync(index, "");
    const ca = ["-config", config, "-cert", this.files(by).cert, "-keyfile", this.files(by).key];
    for (const name of names) openssl("ca", ...ca, "-revoke", this.files(name).cert);
    openssl("ca", ...ca, "-gencrl", "-out", this.at("revoked.part"));
    renameSync(this.at("revoked.part"), this.at("revoked.pem"));
    return this.at("revoked.pem");
  }
}

const fresh = (key: string) => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key];

const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
