/** The inbox's live stream, shared by all tabs of the browser: one tab reads it and forwards the events. */
import { getInboxSummary, openStream } from '../api';
import type { Counts, InboxItem } from '../contract';
import { named } from '../person';
import { setCounts, withCounts } from './counts';
import { type Connection, LiveStream } from './live-stream';
import type { ServerEvent } from './sse';
import { Store } from './store';

export interface ReceiptNews {
  message_id: string;
  user_id: string;
}
export interface WithdrawnNews {
  message_id: string;
}
export interface InboxNews {
  message: InboxItem;
  /** The author withdrew a message: it is removed from every inbox. */
  withdrawn: WithdrawnNews;
  receipt: ReceiptNews;
  /** The stream had a gap, or has just begun: everything on screen must be reloaded. */
  reset: null;
  /** Another tab of this browser changed the inbox. */
  changed: string;
}

export const connection = new Store<Connection>('closed');
const news = new EventTarget();
let stop: (() => void) | null = null;
let channel: BroadcastChannel | null = null;
/** Nobody waits longer for a stream than this, in milliseconds. */
const BEGIN_MAX_MS = 300;
let begun: Promise<void> = Promise.resolve();

/**
 * Resolves when the stream has begun or has failed to, after 300 ms at the latest. A page that asks for its data after that
 * misses no change and need not ask again.
 */
export function streamBegun(): Promise<void> {
  return Promise.race([begun, new Promise<void>((resolve) => setTimeout(resolve, BEGIN_MAX_MS))]);
}

export function onInbox<K extends keyof InboxNews>(kind: K, heard: (value: InboxNews[K]) => void): () => void {
  const listener = (event: Event) => heard((event as CustomEvent<InboxNews[K]>).detail);
  news.addEventListener(kind, listener);
  return () => news.removeEventListener(kind, listener);
}

function tell<K extends keyof InboxNews>(kind: K, detail: InboxNews[K]): void {
  news.dispatchEvent(new CustomEvent(kind, { detail }));
}

/** A new tab asks for the state of the connection (`hello`); the listener answers. */
type Relayed = { event: ServerEvent } | { connection: Connection } | { changed: string } | { hello: true };

/** Starts listening for a user. Browsers allow six connections a host: the tabs elect one listener by a lock. */
export function listenToInbox(user: string): void {
  stopListening();
  let lastEventId: string | null = null;
  const ended = new AbortController();
  let stream: LiveStream | null = null;
  let begin: () => void = () => undefined;
  begun = new Promise((resolve) => {
    begin = resolve;
  });
  const tabs = new BroadcastChannel(`mensajeria.inbox.${user}`);
  channel = tabs;
  const hear = (relayed: Relayed) => {
    if ('connection' in relayed) {
      connection.set(relayed.connection);
      if (relayed.connection === 'lost' || (relayed.connection === 'open' && !stream)) begin();
      return;
    }
    if ('changed' in relayed) return tell('changed', relayed.changed);
    if ('hello' in relayed) {
      if (stream) tabs.postMessage({ connection: connection.get() } satisfies Relayed);
      return;
    }
    const begins = lastEventId === null && relayed.event.id !== null;
    if (relayed.event.id) lastEventId = relayed.event.id;
    takeInboxEvent(relayed.event);
    // Before its first event the stream has no position: messages since the page was loaded would be missed.
    if (begins) tell('reset', null);
    begin();
  };
  tabs.onmessage = (message: MessageEvent<Relayed>) => hear(message.data);
  const relay = (relayed: Relayed) => {
    // The stream's last event comes after the channel is closed.
    if (ended.signal.aborted) return;
    tabs.postMessage(relayed);
    hear(relayed);
  };
  const listen = async () => {
    stream = new LiveStream((last, signal) => openStream('/inbox/stream', last, signal), {
      event: (event) => relay({ event }),
      connection: (state) => relay({ connection: state }),
    });
    stream.lastEventId = lastEventId;
    await stream.run();
  };
  const hurry = () => stream?.hurry();
  window.addEventListener('online', hurry);
  connection.set('connecting');
  tabs.postMessage({ hello: true } satisfies Relayed);
  void asOnlyTab(`mensajeria.inbox.${user}`, ended.signal, listen);
  stop = () => {
    ended.abort();
    stream?.stop();
    tabs.close();
    window.removeEventListener('online', hurry);
  };
}

export function stopListening(): void {
  stop?.();
  stop = null;
  channel = null;
  connection.set('closed');
}

/** Informs the other tabs that a message changed here. */
export function tellTabs(message: string): void {
  channel?.postMessage({ changed: message } satisfies Relayed);
}

async function asOnlyTab(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  await navigator.locks.request(name, { signal }, work).catch(() => undefined);
}

/** The effect of one event of the stream. Exported for its tests. */
export function takeInboxEvent(event: ServerEvent): void {
  const data = event.event === 'reset' ? null : named(JSON.parse(event.data));
  if (event.event === 'counts') setCounts(data as Counts, position(event));
  if (event.event === 'message') tell('message', data as InboxItem);
  if (event.event === 'withdrawn') tell('withdrawn', data as WithdrawnNews);
  if (event.event === 'receipt') tell('receipt', data as ReceiptNews);
  if (event.event === 'reset') {
    tell('reset', null);
    void refreshCounts();
  }
}

/** If the stream cannot be trusted the counters are requested. */
export async function refreshCounts(): Promise<void> {
  await withCounts(getInboxSummary).catch(() => undefined);
}

function position(event: ServerEvent): number | undefined {
  const value = Number(event.id ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
