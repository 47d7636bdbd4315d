import { inTime, wholeField, type Technique } from './technique.js';

const JSON_TYPE = /^application\/(?:[^;\s]{1,150}\+)?json(?:;|$)/i;

/** A text that calls itself JSON by its media type has to be JSON. */
export const jsonFormat: Technique = ({ parts, fields }, _guardrail, { budget }) =>
  fields.flatMap((field, index) => {
    const part = parts[field.part];
    if (field.leaf !== 'text' || part?.mediaType === undefined || !JSON_TYPE.test(part.mediaType)) return [];
    inTime(budget);
    return isJson(field.text) ? [] : [wholeField(fields, index, { category: 'FORMAT', kind: 'JSON' })];
  });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
