import { expect, it } from '@jest/globals';
import { NEUTRAL_SURFACE, type Surface } from '@countersign/contracts';
import { unsupportedSurfaceFields } from './supported-surface.js';

it('a surface may ask for everything that a clause enforces', () => {
  const surface: Surface = {
    ...NEUTRAL_SURFACE,
    taskTypes: ['a'],
    neverTaskTypes: ['b'],
    models: ['m'],
    tools: ['t'],
    dataStores: ['s'],
    downstreamAgents: [],
    dataClasses: ['PUBLIC'],
    maxCostMicros: '1',
    monthlyCapMicros: '1',
    usesModels: true,
    maxRunSeconds: 60,
  };
  expect(unsupportedSurfaceFields(surface)).toEqual([]);
});

it('a surface that asks for what nothing enforces is refused by the field', () => {
  expect(unsupportedSurfaceFields({ ...NEUTRAL_SURFACE, dataSensitivity: 'SENSITIVE', irreversible: true })).toEqual([
    'dataSensitivity',
    'irreversible',
  ]);
});
