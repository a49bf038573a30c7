/** The countries of the region and their time zones. */

/** Each with the time zone of its capital. */
export const COUNTRIES: Record<string, string> = {
  CO: 'America/Bogota',
  VE: 'America/Caracas',
  MX: 'America/Mexico_City',
  CL: 'America/Santiago',
  AR: 'America/Argentina/Buenos_Aires',
  PE: 'America/Lima',
  EC: 'America/Guayaquil',
  BO: 'America/La_Paz',
  PY: 'America/Asuncion',
  UY: 'America/Montevideo',
  BR: 'America/Sao_Paulo',
  PA: 'America/Panama',
  CR: 'America/Costa_Rica',
  GT: 'America/Guatemala',
  SV: 'America/El_Salvador',
  HN: 'America/Tegucigalpa',
  NI: 'America/Managua',
  DO: 'America/Santo_Domingo',
  US: 'America/New_York',
  ES: 'Europe/Madrid',
};

/** The time zones to choose from, with the current one. */
export const zones = (current: string): string[] =>
  [
    ...new Set([
      current,
      ...Object.values(COUNTRIES),
      ...Intl.supportedValuesOf('timeZone').filter((z) => z.startsWith('America/')),
    ]),
  ].sort();
