import { Injectable } from '@nestjs/common';
import { Bus, StreamLookup } from '@countersign/bus';
import { Database } from '@countersign/store';

/** Sequences of both streams. */
export interface LogPosition {
  readonly ing: number;
  readonly flow: number;
}

/** A checkpoint lies this many notes (seconds) back: longer than anything of a round can still be on its way. */
const NOTES_BACK = 15;

/** Where a replay of the log has to start: never later than the lowest sequence that is still open, and at the first message where the stream is another one or has lost its tail. */
@Injectable()
export class Checkpoints {
  readonly #recent: LogPosition[] = [];
  readonly #lookup: StreamLookup;

  constructor(
    bus: Bus,
    private readonly database: Database,
  ) {
    this.#lookup = new StreamLookup(bus);
  }

  /** Sequences to start to read at. */
  async start(): Promise<LogPosition> {
    const rows = await this.database.installation((tx) =>
      tx.query<{ readonly stream: string; readonly created: string; readonly seq: bigint }>(
        'select stream, created, seq from dispatcher.checkpoint',
      ),
    );
    const positionOf = async (stream: 'ING' | 'FLOW'): Promise<number> => {
      const row = rows.find((r) => r.stream === stream);
      const state = await this.#lookup.state(stream);
      const known = row !== undefined && row.created === state.createdAt && Number(row.seq) <= state.lastSeq;
      return known ? Math.max(Number(row.seq), state.firstSeq) : Math.max(1, state.firstSeq);
    };
    return { ing: await positionOf('ING'), flow: await positionOf('FLOW') };
  }

  /** Notes how far was read; `floor` is what open evaluations still need. */
  async note(read: LogPosition, floor: LogPosition | undefined): Promise<void> {
    this.#recent.push(read);
    if (this.#recent.length <= NOTES_BACK) return;
    const back = this.#recent.shift();
    if (back === undefined || read.ing === 0) return;
    const position = {
      ing: Math.min(back.ing, floor?.ing ?? back.ing),
      flow: Math.min(back.flow, floor?.flow ?? back.flow),
    };
    const [ing, flow] = await Promise.all([this.#lookup.state('ING'), this.#lookup.state('FLOW')]);
    await this.database.installation((tx) =>
      tx.query(
        `insert into dispatcher.checkpoint as c (stream, created, seq) values ('ING', $1, $2), ('FLOW', $3, $4) on conflict (stream) do update set created = excluded.created, seq = excluded.seq, at = clock_timestamp() where c.created <> excluded.created or c.seq < excluded.seq`,
        [ing.createdAt, position.ing, flow.createdAt, position.flow],
      ),
    );
  }
}
