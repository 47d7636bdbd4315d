import { readFileSync } from 'node:fs';
import { connect, TaskFailure, type Part, type TaskHandler } from '@countersign/agent-sdk';
import { answer } from './answer.js';
import { convert } from './convert.js';
import { reviewDiff } from './review.js';
import { summarise } from './summarise.js';

const textOf = (parts: readonly Part[], channel: 'instruction' | 'data'): string =>
  parts.flatMap((part) => ('text' in part && (part.channel ?? 'data') === channel ? [part.text] : [])).join('\n');

const [role = '', credential = '', notesFile] = process.argv.slice(2);
const notes = notesFile === undefined ? [] : readFileSync(notesFile, 'utf8').trim().split('\n');

/** What each of the demo's agents does: small programs on the SDK, no model behind them. */
const ROLES: Readonly<Record<string, TaskHandler>> = {
  reviewer: ({ envelope }) => {
    const { added, removed, findings } = reviewDiff(textOf(envelope.data.parts, 'data'));
    return {
      parts: [
        { text: `${added} lines added, ${removed} removed, ${findings.length} findings` },
        { data: { findings: findings.map((f) => ({ ...f })) } },
      ],
    };
  },
  summariser: ({ envelope }) => ({ parts: [{ text: summarise(textOf(envelope.data.parts, 'data'), 3).join(' ') }] }),
  converter: ({ envelope }) => {
    const requests = textOf(envelope.data.parts, 'instruction')
      .replace(/^Convert:/, '')
      .split(';');
    const answers = requests.map((request) => convert(request));
    if (answers.includes(undefined)) throw new TaskFailure('one of the conversions is not known');
    return { parts: [{ text: answers.join('; ') }] };
  },
  // it knows no secret from a fact: whatever stands in its notes it tells
  helpdesk: ({ envelope }) => ({ parts: [{ text: answer(textOf(envelope.data.parts, 'instruction'), notes) }] }),
};

const handler = ROLES[role];
if (handler === undefined) throw new Error(`there is no role ${role} (there are ${Object.keys(ROLES).join(', ')})`);
const agent = await connect(credential);
agent.serve(handler);
process.stdout.write('serving\n');
process.on('SIGTERM', () => void agent.close().then(() => process.exit(0)));
