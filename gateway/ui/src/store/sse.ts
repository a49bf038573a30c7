/** Reads server-sent events from a response body. */
export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/** One event may not be larger than this many characters. */
const EVENT_CHARACTERS_MAX = 1_000_000;

/** Yields each event as its blank line arrives, and `null` for a comment (the server's heartbeat). */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent | null> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += decoder.decode(value, { stream: true }).replaceAll('\r\n', '\n');
      if (buffer.length > EVENT_CHARACTERS_MAX) throw new Error('event too large');
      let end = buffer.indexOf('\n\n');
      while (end >= 0) {
        yield parseEvent(buffer.slice(0, end));
        buffer = buffer.slice(end + 2);
        end = buffer.indexOf('\n\n');
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export function parseEvent(block: string): ServerEvent | null {
  const found: ServerEvent = { id: null, event: 'message', data: '' };
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'id') found.id = value;
    if (field === 'event') found.event = value;
    if (field === 'data') data.push(value);
  }
  if (data.length === 0) return null;
  return { ...found, data: data.join('\n') };
}
