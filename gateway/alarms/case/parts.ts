import type { Text } from "../../core/text.ts";

/** What to say of a part that findings point at: its name, and what to look at first. */
export interface PartCard {
  readonly name: Text;
  readonly checks: readonly [Text, Text, Text];
}

const t = (fr: string, en: string): Text => ({ fr, en });

/** The card for a part; where several machines differ, what is special to a kind of machine comes first. */
export function partCard(part: string | undefined, kind: string | undefined): PartCard {
  const card = parts[part ?? ""] ?? unknownPart;
  const extra = first[`${kind} ${part}`];
  if (!extra) return card;
  return { name: card.name, checks: [extra, card.checks[0], card.checks[1]] };
}

const unknownPart: PartCard = {
  name: t("Machine", "Machine"),
  checks: [
    t(
      "écouter et toucher la machine en marche : bruit, chaleur ou odeur inhabituels",
      "listen to and feel the running machine: unusual noise, heat or smell",
    ),
    t(
      "demander à l'opérateur ce qui a changé (pièce, matière, réglage, produit)",
      "ask the operator what has changed (job, material, setting, product)",
    ),
    t("vérifier la fixation et le câble du capteur", "check the mounting and the cable of the sensor"),
  ],
};

const parts: Readonly<Record<string, PartCard>> = {
  bearing: {
    name: t("Roulement", "Bearing"),
    checks: [
      t(
        "écouter le palier (stéthoscope ou tournevis) : grondement ou cliquetis",
        "listen to the bearing housing (stethoscope or screwdriver): rumble or clicking",
      ),
      t("contrôler le graissage et la température du palier", "check lubrication and temperature of the housing"),
      t(
        "contrôler le jeu à l'arrêt et commander le roulement de rechange",
        "check the play with the machine stopped and order the spare bearing",
      ),
    ],
  },
  filter: {
    name: t("Filtre", "Filter"),
    checks: [
      t(
        "regarder l'indicateur de colmatage et l'état de l'élément filtrant",
        "look at the clogging indicator and the filter element",
      ),
      t(
        "vérifier qu'un élément de rechange est en stock, le planifier",
        "see that a spare element is in stock and plan the change",
      ),
      t(
        "vérifier que vannes et circuit sont ouverts, sans pliure ni bouchon",
        "check that valves and lines are open, without kink or plug",
      ),
    ],
  },
  belt: {
    name: t("Courroie", "Belt"),
    checks: [
      t("contrôler la tension de la courroie à l'arrêt", "check the belt tension with the machine stopped"),
      t(
        "chercher usure, fentes et poussière noire sous le carter",
        "look for wear, cracks and black dust under the guard",
      ),
      t("contrôler l'alignement des poulies", "check the alignment of the pulleys"),
    ],
  },
  leak: {
    name: t("Fuite", "Leak"),
    checks: [
      t(
        "écouter le réseau à l'atelier arrêté, raccords et flexibles d'abord",
        "listen along the lines with the shop stopped, fittings and hoses first",
      ),
      t("contrôler purgeurs, soupape et clapet anti-retour", "check drains, relief valve and check valve"),
      t(
        "isoler les branches une à une et relever la chute de pression",
        "close the branches one by one and note the pressure drop",
      ),
    ],
  },
  phase: {
    name: t("Alimentation électrique", "Power supply"),
    checks: [
      t(
        "mesurer les trois tensions et les trois courants au coffret (personne habilitée)",
        "measure the three voltages and currents at the panel (qualified person)",
      ),
      t(
        "contrôler fusibles, bornes et contacteur : traces d'échauffement",
        "check fuses, terminals and contactor: traces of heating",
      ),
      t("toucher le moteur : échauffement ou ronflement", "feel the motor: heat or humming"),
    ],
  },
  motor: {
    name: t("Moteur", "Motor"),
    checks: [
      t("contrôler le courant à vide et en charge", "check the current unloaded and loaded"),
      t("contrôler la ventilation du moteur et sa propreté", "check the motor's fan and that it is clean"),
      t("contrôler la charge mécanique : blocage, frein, réducteur", "check the mechanical load: jam, brake, gearbox"),
    ],
  },
  pump: {
    name: t("Pompe", "Pump"),
    checks: [
      t(
        "contrôler le niveau, la crépine et les prises d'air à l'aspiration",
        "check level, strainer and air leaks on the suction side",
      ),
      t("écouter : cavitation (gravier) ou frottement", "listen for cavitation (gravel) or rubbing"),
      t("contrôler la garniture et le débit", "check the seal and the flow"),
    ],
  },
  valve: {
    name: t("Vanne", "Valve"),
    checks: [
      t("manœuvrer la vanne et regarder sa position réelle", "move the valve and watch its true position"),
      t(
        "contrôler la commande : air, tension, retour de position",
        "check the actuator: air, voltage, position feedback",
      ),
      t("chercher un corps étranger ou un siège usé", "look for debris or a worn seat"),
    ],
  },
  cooling: {
    name: t("Refroidissement", "Cooling"),
    checks: [
      t(
        "contrôler niveau et débit du liquide, ventilateur en marche",
        "check level and flow of the coolant, fan running",
      ),
      t("nettoyer grilles et échangeur", "clean grilles and heat exchanger"),
      t("comparer avec un thermomètre à main", "compare with a hand thermometer"),
    ],
  },
  lubrication: {
    name: t("Graissage", "Lubrication"),
    checks: [
      t("contrôler niveau et aspect de l'huile", "check level and look of the oil"),
      t("contrôler le distributeur et les canalisations", "check the distributor and the lines"),
      t("contrôler la pression à la pompe avec un manomètre", "check the pressure at the pump with a gauge"),
    ],
  },
  balance: {
    name: t("Équilibrage et fixation", "Balance and mounting"),
    checks: [
      t("contrôler le serrage des pieds et de la fixation", "check that feet and mountings are tight"),
      t("chercher un dépôt, un outil ou un mandrin déséquilibré", "look for deposits, an unbalanced tool or chuck"),
      t("contrôler l'alignement de l'accouplement", "check the alignment of the coupling"),
    ],
  },
  sensor: {
    name: t("Capteur", "Sensor"),
    checks: [
      t("contrôler la fixation du capteur", "check the mounting of the sensor"),
      t("contrôler câble, connecteur et alimentation", "check cable, connector and supply"),
      t("comparer avec un appareil à main", "compare with a hand-held instrument"),
    ],
  },
};

/** Looked at before the general checks, by machine kind and part. */
const first: Readonly<Record<string, Text>> = {
  "lathe bearing": t(
    "faire tourner la broche sans outil ni pièce : le bruit reste-t-il ?",
    "run the spindle without tool or workpiece: does the noise stay?",
  ),
  "mill bearing": t(
    "faire tourner la broche sans outil : le bruit reste-t-il ?",
    "run the spindle without a tool: does the noise stay?",
  ),
  "saw bearing": t("débrayer la lame : le bruit reste-t-il ?", "disengage the blade: does the noise stay?"),
  "saw belt": t(
    "contrôler l'usure et la tension de la lame, puis la courroie",
    "check wear and tension of the blade, then the belt",
  ),
  "compressor filter": t("contrôler d'abord le filtre d'aspiration", "check the intake filter first"),
  "compressor leak": t(
    "fermer la vanne de départ réseau : le compresseur charge-t-il encore ?",
    "close the outlet valve: does the compressor still load?",
  ),
  "compressor bearing": t("contrôler le niveau d'huile de la tête", "check the oil level of the compressor head"),
  "washer filter": t("nettoyer le tamis du bac de lavage", "clean the screen of the wash tank"),
  "washer pump": t("contrôler les gicleurs et le tamis de la pompe", "check the nozzles and the pump screen"),
  "pasteuriser cooling": t("contrôler l'encrassement de l'échangeur", "check the heat exchanger for fouling"),
};
