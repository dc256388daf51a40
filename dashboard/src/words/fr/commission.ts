const s = (n: number): string => (n >= 2 ? "s" : "");

export const commission = {
  commission: {
    title: "Mise en service d’un appareil",
    open: "Ajouter un appareil",
    again: "Recommencer",
    adapters: "Adaptateurs série",
    plug: "Brancher l’adaptateur : il apparaît ici tout seul.",
    noPort: "Aucun adaptateur pour le moment.",
    justPlugged: "vient d’être branché",
    inUse: (by: string) => `utilisé par ${by}`,
    unstable: "le nom change avec l’ordre de branchement",
    network: "Par le réseau",
    address: "Adresse",
    addressHow: "tcp://machine:502 pour Modbus TCP, rtu+tcp://machine:port pour une passerelle série.",
    scan: "Chercher",
    searching: (port: string) => `Recherche sur ${port}`,
    asking: (slave: number, baud: number, parity: string) =>
      `Adresse esclave ${slave}, ${baud} bauds, parité ${parity}`,
    parities: { none: "aucune", even: "paire", odd: "impaire" },
    finished: (n: number) =>
      n === 0
        ? "Rien n’a répondu. Vérifier l’alimentation et les fils A et B."
        : `Recherche terminée : ${n} appareil${s(n)}.`,
    unknownDevice: "Appareil inconnu",
    slave: (n: number) => `esclave ${n}`,
    use: "Choisir cet appareil",
    describe: "Machine et mesures",
    machine: "Machine",
    newMachine: "nouvelle machine…",
    machineName: "Nom de la machine",
    deviceName: "Nom de l’appareil",
    signals: "Mesures à lire (comparer avec l’écran de l’appareil)",
    odd: "valeur surprenante",
    compare: "Voir les changements",
    trial: "Si les mesures se dégradent dans la minute, l’ancien fichier revient tout seul.",
    live: "Valeurs en direct",
    read: "Valeur lue",
    reference: "Valeur de référence",
    sign: "Fait par, le, avec quel appareil de référence :",
  },
};
