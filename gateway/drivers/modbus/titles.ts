import type { Text } from "../../core/text.ts";

/** How people call what profiles measure; a site file's own `title` goes before. */
const titles: Readonly<Record<string, Text>> = {
  voltage: { fr: "Tension", en: "Voltage" },
  voltage_avg: { fr: "Tension moyenne", en: "Mean voltage" },
  current: { fr: "Courant", en: "Current" },
  current_avg: { fr: "Courant moyen", en: "Mean current" },
  current_sum: { fr: "Somme des courants", en: "Sum of currents" },
  current_neutral: { fr: "Courant de neutre", en: "Neutral current" },
  power_active: { fr: "Puissance active", en: "Active power" },
  power_apparent: { fr: "Puissance apparente", en: "Apparent power" },
  power_reactive: { fr: "Puissance réactive", en: "Reactive power" },
  power_import: { fr: "Puissance soutirée", en: "Power drawn" },
  power_export: { fr: "Puissance injectée", en: "Power fed in" },
  power_factor: { fr: "Facteur de puissance", en: "Power factor" },
  cosphi: { fr: "Cos φ", en: "Cos φ" },
  phase_angle: { fr: "Angle de phase", en: "Phase angle" },
  frequency: { fr: "Fréquence", en: "Frequency" },
  energy_import: { fr: "Énergie consommée", en: "Energy used" },
  energy_export: { fr: "Énergie injectée", en: "Energy fed in" },
  energy_total: { fr: "Énergie totale", en: "Total energy" },
  energy_reactive_import: { fr: "Énergie réactive consommée", en: "Reactive energy used" },
  energy_reactive_export: { fr: "Énergie réactive injectée", en: "Reactive energy fed in" },
  energy_reactive_total: { fr: "Énergie réactive totale", en: "Total reactive energy" },
  thd_voltage: { fr: "Distorsion de tension", en: "Voltage distortion" },
  thd_current: { fr: "Distorsion de courant", en: "Current distortion" },
  temperature: { fr: "Température", en: "Temperature" },
  humidity: { fr: "Humidité", en: "Humidity" },
  resistance: { fr: "Résistance", en: "Resistance" },
  ai: { fr: "Entrée analogique", en: "Analogue input" },
  di: { fr: "Entrée", en: "Input" },
  do: { fr: "Sortie", en: "Output" },
  accel: { fr: "Accélération", en: "Acceleration" },
  velocity: { fr: "Vitesse vibratoire", en: "Vibration velocity" },
  displacement: { fr: "Déplacement", en: "Displacement" },
  output_frequency: { fr: "Fréquence de sortie", en: "Output frequency" },
  motor_speed: { fr: "Vitesse moteur", en: "Motor speed" },
  motor_current: { fr: "Courant moteur", en: "Motor current" },
  motor_voltage: { fr: "Tension moteur", en: "Motor voltage" },
  motor_torque: { fr: "Couple moteur", en: "Motor torque" },
  motor_power: { fr: "Puissance moteur", en: "Motor power" },
  motor_thermal: { fr: "État thermique moteur", en: "Motor thermal state" },
  drive_temp: { fr: "Température du variateur", en: "Drive temperature" },
  dc_link: { fr: "Bus continu", en: "DC link" },
  status_word: { fr: "Mot d'état", en: "Status word" },
  run_hours: { fr: "Heures de marche", en: "Hours run" },
};

/**
 * `voltage_l1` → "Tension L1", `ai3` → "Entrée analogique 3", `velocity_x` → "Vitesse vibratoire X". Undefined for names that say
 * nothing more in words.
 */
export function titleOf(name: string): Text | undefined {
  const parts = /^(.*?)(?:_(l[123]|[xyz])|(\d{1,2}))?$/.exec(name);
  const base = titles[parts?.[1] ?? ""];
  const which = (parts?.[2] ?? parts?.[3] ?? "").toUpperCase();
  if (!base || which === "") return base;
  return { fr: `${base.fr} ${which}`, en: `${base.en} ${which}` };
}
