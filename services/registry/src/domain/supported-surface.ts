import type { Surface } from '@countersign/contracts';

/**
 * Fields of a surface whose clause does not exist yet, when they ask for anything: they are refused by name instead of being stored and ignored.
 * Built are: taskTypes (140), downstreamAgents (65), monthlyCapMicros (budget), usesModels and models (estimate), maxRunSeconds (trust).
 */
export function unsupportedSurfaceFields(surface: Surface): readonly string[] {
  const asks: Readonly<Record<string, boolean>> = {
    neverTaskTypes: surface.neverTaskTypes.length > 0,
    tools: surface.tools !== null,
    dataStores: surface.dataStores !== null,
    dataClasses: surface.dataClasses !== null,
    maxCostMicros: surface.maxCostMicros !== null,
    dataSensitivity: surface.dataSensitivity !== 'NORMAL',
    irreversible: surface.irreversible,
  };
  return Object.keys(asks).filter((field) => asks[field] === true);
}
