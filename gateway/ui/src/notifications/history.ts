/** The lines of «Historial»: one for each event, and one for all chunks of the audience, which are one deed of nobody. */
import type { HistoryEvent } from '../contract';

const CHUNK = 'AudienceChunkResolved';

const recipientsOf = (event: HistoryEvent): number => Number(event.data.recipients ?? 0);

/** The events with the chunks as one, where the last of them stands, with the sum of their recipients. */
export function linesOf(events: HistoryEvent[]): HistoryEvent[] {
  const chunks = events.filter(({ type }) => type === CHUNK);
  const last = chunks.at(-1);
  if (!last) return events;
  const recipients = chunks.reduce((sum, chunk) => sum + recipientsOf(chunk), 0);
  const all = { ...last, data: { ...last.data, recipients } };
  return events
    .filter((event) => event.type !== CHUNK || event === last)
    .map((event) => (event === last ? all : event));
}
