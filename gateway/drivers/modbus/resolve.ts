import type { z } from "zod";
import { reasonOf, type Text } from "../../core/text.ts";
import type { DriverContext, Problem } from "../../plugin.ts";
import type { DeviceOptions, ModbusOptions } from "./options.ts";
import { type Profile, profileSchema } from "./profile.ts";
import { type Resolved, resolveTags } from "./tags.ts";

/** A device of the site file with its profile: what it is, and everything to be read from it. */
export interface KnownDevice extends Resolved {
  readonly options: DeviceOptions;
  readonly profile: Profile | undefined;
  readonly slave: number;
}

/** All devices of a driver entry, and all that is wrong with them, at its place in the options. */
export function resolveDevices(
  options: ModbusOptions,
  context: Pick<DriverContext, "id" | "profile">,
): { devices: KnownDevice[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const devices = options.devices.map((device, index): KnownDevice => {
    const path = ["devices", index];
    const say = (where: Problem["path"], message: Text) => problems.push({ path: [...path, ...where], message });
    const profile = profileOf(device, context, say);
    const slave = device.slave ?? profile?.defaults.slave;
    if (slave === undefined) say(["slave"], noSlave);
    const resolved = resolveTags(context.id, device, profile);
    if (profile || device.profile === undefined)
      for (const problem of resolved.problems) say(problem.path, problem.message);
    return { ...resolved, options: device, profile, slave: slave ?? 1 };
  });
  problems.push(...clashes(options, devices));
  return { devices, problems };
}

function profileOf(
  device: DeviceOptions,
  context: Pick<DriverContext, "profile">,
  say: (where: Problem["path"], message: Text) => void,
): Profile | undefined {
  if (device.profile === undefined) return undefined;
  const written = context.profile(device.profile);
  if (written === undefined) {
    say(["profile"], {
      fr: `il n'y a pas de profil ${device.profile} dans config/profiles ; docs/devices.md en donne la liste`,
      en: `there is no profile ${device.profile} in config/profiles; docs/devices.md lists them`,
    });
    return undefined;
  }
  const parsed = profileSchema.safeParse(written);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    say(["profile"], wrongProfile(`config/profiles/${device.profile}.yaml`, issue));
  return undefined;
}

const noSlave: Text = { fr: "dites quelle adresse d'esclave : 1 à 247", en: "say which slave id: 1 to 247" };

function wrongProfile(file: string, { path, message }: z.core.$ZodIssue): Text {
  const why = reasonOf(message) ?? { fr: `ne convient pas (${message})`, en: message };
  const place = `${file} ${path.join(".")}: `;
  return { fr: place + why.fr, en: place + why.en };
}

/** Two devices of one name, two slaves of one id, two signals on one point. */
function clashes(options: ModbusOptions, devices: readonly KnownDevice[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  const once = (key: string, path: Problem["path"], message: (other: string) => Text, who: string) => {
    const other = seen.get(key);
    if (other === undefined) seen.set(key, who);
    else problems.push({ path, message: message(other) });
  };
  for (const [index, device] of devices.entries()) {
    const { id } = device.options;
    once(
      `id ${id}`,
      ["devices", index, "id"],
      () => ({ fr: `deux appareils s'appellent ${id}`, en: `two devices are called ${id}` }),
      id,
    );
    const twice = (other: string) => ({
      fr: `l'esclave ${device.slave} est déjà ${other} : deux appareils ne peuvent pas répondre à la même adresse`,
      en: `slave ${device.slave} is ${other} already: two devices cannot answer as one`,
    });
    if (!options.port.startsWith("tcp://")) once(`slave ${device.slave}`, ["devices", index, "slave"], twice, id);
    for (const tag of device.tags) {
      const fed = (other: string) => ({
        fr: `${tag.point.id} est déjà alimenté par ${other}`,
        en: `${tag.point.id} is already fed by ${other}`,
      });
      once(`point ${tag.point.id}`, ["devices", index, "signals", tag.name], fed, `${id} ${tag.name}`);
    }
  }
  return problems;
}
