/** Rules of reading server-sent events. */
import { describe, expect, it } from 'vitest';
import { readEvents } from './sse';

async function all(...chunks: string[]) {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  const found = [];
  for await (const event of readEvents(body)) found.push(event);
  return found;
}

describe('server-sent events', () => {
  it('arrive whole although cut anywhere', async () => {
    expect(await all('id: 5\neve', 'nt: counts\ndata: {"a"', ':1}\n', '\n')).toEqual([
      { id: '5', event: 'counts', data: '{"a":1}' },
    ]);
  });
  it('join their data lines', async () => {
    expect((await all('data: a\ndata: b\n\n'))[0]?.data).toBe('a\nb');
  });
  it('leave heartbeats without an event', async () => {
    expect(await all(': ping\n\n', 'data: x\n\n')).toEqual([null, { id: null, event: 'message', data: 'x' }]);
  });
  it('forget what ends without a blank line', async () => {
    expect(await all('data: half')).toEqual([]);
  });
  it('understand carriage returns', async () => {
    expect((await all('id: 1\r\ndata: x\r\n\r\n'))[0]).toEqual({ id: '1', event: 'message', data: 'x' });
  });
});
