import type { Surface } from '@countersign/contracts';

/**
 * Fields of a surface whose clause does not exist yet, when they ask for anything: they are refused by name instead of being stored and ignored.
 * Built are: downstreamAgents (65); taskTypes, neverTaskTypes, models, usesModels, tools, dataStores, dataClasses and maxCostMicros (policy, 130 to 200);
 * monthlyCapMicros (budget); maxRunSeconds (trust).
 */
export function unsupportedSurfaceFields(surface: Surface): readonly string[] {
  const asks: Readonly<Record<string, boolean>> = {
    dataSensitivity: surface.dataSensitivity !== 'NORMAL',
    irreversible: surface.irreversible,
  };
  return Object.keys(asks).filter((field) => asks[field] === true);
}
