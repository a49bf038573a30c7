/** Rules of the lines of «Historial». */
import { expect, it } from 'vitest';
import type { HistoryEvent } from '../contract';
import { linesOf } from './history';

const event = (position: number, type: string, data = {}): HistoryEvent => ({
  position,
  at: `2026-11-25T14:00:0${position}Z`,
  actor: null,
  type,
  data,
});
const chunk = (position: number, recipients: number) => event(position, 'AudienceChunkResolved', { recipients });

it('tells the chunks of an audience in one line with their sum', () => {
  const lines = linesOf([
    event(1, 'NotificationRequested'),
    chunk(2, 500),
    chunk(3, 500),
    chunk(5, 7),
    event(6, 'AudienceClosed'),
  ]);
  expect(lines.map(({ position, type, data }) => [position, type, data.recipients])).toEqual([
    [1, 'NotificationRequested', undefined],
    [5, 'AudienceChunkResolved', 1_007],
    [6, 'AudienceClosed', undefined],
  ]);
});

it('leaves a history without an audience as it is', () => {
  const events = [event(1, 'NotificationRequested'), event(2, 'NotificationCancelled')];
  expect(linesOf(events)).toEqual(events);
});
