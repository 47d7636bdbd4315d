import type { Gate, TrustBreakdown, TrustSnapshot } from '@countersign/contracts';
import { tableLines } from '../output.js';

/** Hundredths as points: 3300 is 33.00. */
export function hundredths(points: number): string {
  return (points / 100).toFixed(2);
}

const HISTORY = 8;
const asked = (gate: Gate): string =>
  gate === null ? '' : 'level' in gate ? gate.level : hundredths(gate.scoreHundredths);

/** A breakdown on one screen: what the score is, what made it, what holds it, what would help, which gates it passes, how it came here. */
export function trustLines({
  breakdown,
  history,
}: {
  readonly breakdown: TrustBreakdown;
  readonly history: readonly TrustSnapshot[];
}): readonly string[] {
  const { name, score, level, levelSince, raw, algorithm, whatWouldHelp } = breakdown;
  return [
    `${name}  ${hundredths(score)}  ${level} since ${levelSince}  (${algorithm}, before caps ${hundredths(raw)})`,
    '',
    ...familyLines(breakdown),
    ...section('WRONG', negativeLines(breakdown)),
    ...section('CAPS', capLines(breakdown)),
    ...section('GATES', gateLines(breakdown)),
    ...section(
      'WHAT WOULD HELP',
      whatWouldHelp.map((line) => `- ${line}`),
    ),
    ...section(
      'HISTORY',
      history
        .slice(0, HISTORY)
        .map(
          (s) =>
            `${s.at}  ${hundredths(s.score).padStart(6)}  ${s.level.padEnd(11)}  ${s.trigger} ${s.binding.join(' ')}`,
        ),
    ),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

function familyLines({ families }: TrustBreakdown): readonly string[] {
  const { expectation, positiveMass, negativeMass, inheritedMass, activeDays } = families.behaviour;
  const behaviour = `${expectation.toFixed(4)} of clean ${positiveMass.toFixed(1)} on ${activeDays} d, wrong ${negativeMass.toFixed(1)}${inheritedMass > 0 ? `, inherited ${inheritedMass.toFixed(1)}` : ''}`;
  const rows = Object.entries(families).flatMap(([family, { points, max, facts }]) =>
    facts.map((fact, i) => [
      i === 0 ? family : '',
      i === 0 ? `${hundredths(points)} of ${hundredths(max)}` : '',
      fact.fact,
      family === 'behaviour' ? behaviour : fact.value,
      `${hundredths(fact.points)} of ${hundredths(fact.max)}`,
    ]),
  );
  return tableLines(['FAMILY', 'POINTS', 'FACT', 'VALUE', 'GIVES'], rows);
}

function negativeLines({ families: { behaviour } }: TrustBreakdown): readonly string[] {
  return behaviour.top.map(
    ({ kind, count, mass, dayCap, observations }) =>
      `${kind}  ${count} times, weighs ${mass.toFixed(1)}${dayCap === null ? '' : ` (at most ${dayCap})`}  ${observations.join(' ')}`,
  );
}

function capLines({ caps }: TrustBreakdown): readonly string[] {
  return caps.map(
    ({ cap, limit, binding, why, until }) =>
      `${cap}  ${hundredths(limit)}${binding ? '  BINDING' : ''}  ${why}${until === undefined ? '' : `, until ${until}`}`,
  );
}

function gateLines({ gates }: TrustBreakdown): readonly string[] {
  return gates.map(({ gate, required, actual, pass }) => {
    const told =
      required === undefined || actual === undefined
        ? ''
        : `  asks ${asked(required)}, has ${hundredths(actual.score)} ${actual.level}`;
    return `${pass ? 'pass' : 'FAIL'}  ${gate}${told}`;
  });
}
