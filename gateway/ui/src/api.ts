/** The only file that talks to the server. Every call answers typed data or throws a `Problem`. */
import createClient from 'openapi-fetch';
import type * as c from './contract';
import { language } from './i18n';
import { isKept, keepSeen, lastSeen, seenAt } from './offline/last-seen';
import { named } from './person';
import { Problem } from './problem';

const V1 = '/api/v1';
/** Called when a request finds that the session has expired, so that the app can ask for the password again. */
export const signedOut = new EventTarget();
/** A request without an answer for this long has failed, in milliseconds. */
export const ANSWER_MAX_MS = 30_000;

const client = createClient<c.paths>({
  baseUrl: `${globalThis.location?.origin ?? ''}${V1}`,
  credentials: 'same-origin',
  fetch: (request) => send(request),
});
client.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', language());
    return request;
  },
});

/** What was begun when the session ended, until its user has logged in again (true) or has left (false). */
const begun: ((goesOn: boolean) => void)[] = [];

/** Lets the requests go on that found the session expired, or fail. */
export function endWait(goesOn: boolean): void {
  for (const end of begun.splice(0)) end(goesOn);
}

/**
 * A writing request that finds the session expired waits until its user has logged in again, and then goes on: the same
 * bytes with the same idempotency key. Reading is asked for again by the pages.
 */
async function send(request: Request): Promise<Response> {
  if (request.method === 'GET') return read(request);
  const waits = !request.url.endsWith(`${V1}/session`);
  const again = waits ? request.clone() : null;
  const response = await inTime(request);
  if (response.status !== 401 || !again) return response;
  const goesOn = new Promise<boolean>((end) => begun.push(end));
  signedOut.dispatchEvent(new Event('signed-out'));
  return (await goesOn) ? inTime(again) : response;
}

/** Reads, and without a network gives what was last seen. */
async function read(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const name = pathname.slice(V1.length) + search;
  try {
    const response = await inTime(request);
    if (response.ok) seenAt.set(null);
    if (response.ok && isKept(name))
      void response
        .clone()
        .json()
        .then((answer) => keepSeen(name, answer))
        .catch(() => undefined);
    return response;
  } catch (cause) {
    const seen = request.signal.aborted ? null : await lastSeen(name);
    if (!seen) throw cause;
    return Response.json(seen);
  }
}

/** Whether the server answers, and not that it cannot. */
export const isReachable = (): Promise<boolean> =>
  fetch(`${V1}/me`, { cache: 'no-store' }).then(
    ({ status }) => status < 500,
    () => false,
  );

async function inTime(request: Request): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DOMException('no answer', 'TimeoutError')), ANSWER_MAX_MS);
  const stop = () => limit.abort(request.signal.reason);
  request.signal.addEventListener('abort', stop);
  if (request.signal.aborted) stop();
  try {
    return await globalThis.fetch(request, { signal: limit.signal });
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', stop);
  }
}

type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

async function ask<T>(pending: Answer<T>): Promise<T> {
  const { data, error, response } = await pending.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw cause instanceof DOMException && cause.name === 'TimeoutError' ? Problem.late() : Problem.offline();
  });
  if (response.ok) return named(data as T);
  throw refused(response, error);
}

function refused(response: Response, error: unknown): Problem {
  if (response.status === 401) signedOut.dispatchEvent(new Event('signed-out'));
  return new Problem(response.status, typeof error === 'object' && error ? error : {});
}

const path = (id: string) => ({ params: { path: { id } } });
const key = (idempotencyKey: string) => ({ header: { 'Idempotency-Key': idempotencyKey } });
/** Omits empty filters. */
function chosen<T extends object>(query: T): T {
  return Object.fromEntries(Object.entries(query).filter(([, v]) => v !== '' && v !== undefined && v !== null)) as T;
}

export const signIn = (email: string, password: string) =>
  ask(client.POST('/session', { params: {}, body: { email, password } }));
export const signOut = () => ask(client.DELETE('/session', { params: {} }));
export const getMe = () => ask(client.GET('/me'));

/** `active` is for administrators; without it only users who may log in are listed. */
export const getUsers = (query: { q?: string; active?: 'true' | 'false' | 'all'; after?: string; limit?: number }) =>
  ask(client.GET('/users', { params: { query: chosen(query) } }));
export const createUser = (body: c.NewUser, k: string) => ask(client.POST('/users', { params: key(k), body }));
export const changeUser = (id: string, body: c.UserChange) => ask(client.PATCH('/users/{id}', { ...path(id), body }));

export const getCompanies = (query: { after?: string; limit?: number } = {}) =>
  ask(client.GET('/companies', { params: { query: chosen(query) } }));
export const createCompany = (body: c.CompanyFields, k: string) =>
  ask(client.POST('/companies', { params: key(k), body }));
export const getUsage = (id: string, query: { month?: string } = {}) =>
  ask(client.GET('/companies/{id}/usage', { params: { path: { id }, query: chosen(query) } }));
export const changeCompany = (id: string, body: c.CompanyChange) =>
  ask(client.PATCH('/companies/{id}', { ...path(id), body }));

export const getClients = (company: string, query: { q?: string; after?: string; limit?: number }) =>
  ask(client.GET('/companies/{id}/clients', { params: { path: { id: company }, query: chosen(query) } }));
export const getClient = (id: string) => ask(client.GET('/clients/{id}', path(id)));
export const createClientOf = (company: string, body: c.ClientFields, k: string) =>
  ask(client.POST('/companies/{id}/clients', { params: { path: { id: company }, ...key(k) }, body }));
export const changeClient = (id: string, body: Partial<c.ClientFields>) =>
  ask(client.PATCH('/clients/{id}', { ...path(id), body }));
export const eraseClient = (id: string) => ask(client.DELETE('/clients/{id}', path(id)));

/** The file is uploaded unchanged: the server detects its charset and separator. */
export async function importClients(company: string, file: Blob, dryRun: boolean): Promise<c.ImportReport> {
  const response = await fetch(`${V1}/companies/${company}/clients/import?dry_run=${dryRun}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/csv', 'Accept-Language': language() },
    body: file,
  }).catch(() => {
    throw Problem.offline();
  });
  if (response.ok) return response.json();
  throw refused(response, await response.json().catch(() => ({})));
}

export const sendMessage = (body: c.NewMessage, k: string) => ask(client.POST('/messages', { params: key(k), body }));
export const getMessage = (id: string) => ask(client.GET('/messages/{id}', path(id)));
export const recallMessage = (id: string) => ask(client.DELETE('/messages/{id}', path(id)));
export const getSent = (query: { after?: string; limit?: number }) =>
  ask(client.GET('/messages/sent', { params: { query: chosen(query) } }));
export const getReceipts = (id: string, query: { after?: string; limit?: number }) =>
  ask(client.GET('/messages/{id}/receipts', { params: { path: { id }, query: chosen(query) } }));

/** `pending`: an acknowledgement is asked for and not given, or the priority is high and it was not read. */
export type InboxState = 'all' | 'unread' | 'read' | 'pending';
export const getInbox = (query: { state?: InboxState; q?: string; after?: string; limit?: number }) =>
  ask(client.GET('/inbox', { params: { query: chosen(query) } }));
export const getInboxSummary = () => ask(client.GET('/inbox/summary'));
export const markSeen = (id: string) => ask(client.POST('/inbox/{id}/seen', path(id)));
export const markRead = (id: string) => ask(client.POST('/inbox/{id}/read', path(id)));
export const markUnread = (id: string) => ask(client.POST('/inbox/{id}/unread', path(id)));
export const markAllRead = (upTo: number) => ask(client.POST('/inbox/read-all', { params: {}, body: { up_to: upTo } }));
export const acknowledge = (id: string) => ask(client.POST('/inbox/{id}/acknowledge', path(id)));
export const deleteFromInbox = (id: string) => ask(client.DELETE('/inbox/{id}', path(id)));
export const restoreToInbox = (id: string) => ask(client.POST('/inbox/{id}/restore', path(id)));

export const previewNotification = (body: c.NotificationRequest, signal?: AbortSignal) =>
  ask(client.POST('/notifications/preview', { params: {}, body, signal }));
/** The contacts that a send would leave out, as a CSV file. */
export async function getExcluded(body: c.NotificationRequest): Promise<Blob> {
  const response = await fetch(`${V1}/notifications/preview/excluded`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language() },
    body: JSON.stringify(body),
  }).catch(() => {
    throw Problem.offline();
  });
  if (!response.ok) throw refused(response, await response.json().catch(() => ({})));
  return response.blob().catch(() => {
    throw Problem.offline();
  });
}
export const sendNotification = (body: c.NotificationRequest, k: string) =>
  ask(client.POST('/notifications', { params: key(k), body }));
export const getNotifications = (query: {
  company?: string;
  state?: string;
  from?: string;
  to?: string;
  after?: string;
  limit?: number;
}) => ask(client.GET('/notifications', { params: { query: chosen(query) } }));
export const getNotification = (id: string) => ask(client.GET('/notifications/{id}', path(id)));
export const getNotificationPreview = (id: string) => ask(client.GET('/notifications/{id}/preview', path(id)));
export const getFailures = (id: string) => ask(client.GET('/notifications/{id}/failures', path(id)));
export const getDeliveries = (id: string, query: c.RecipientsQuery & { after?: string; limit?: number }) =>
  ask(client.GET('/notifications/{id}/deliveries', { params: { path: { id }, query: chosen(query) } }));
export const getDelivery = (id: string) => ask(client.GET('/deliveries/{id}', path(id)));
export const resolveDelivery = (id: string, body: c.DoubtDecision) =>
  ask(client.POST('/deliveries/{id}/resolve', { ...path(id), body }));
export const searchDeliveries = (query: c.DeliveryFilter & { after?: string; limit?: number }) =>
  ask(client.GET('/deliveries', { params: { query: chosen(query) } }));
export const countDeliveries = (query: c.DeliveryFilter) =>
  ask(client.GET('/deliveries/count', { params: { query: chosen(query) } }));
export const retryDelivery = (id: string, body: { to?: string; update_client?: boolean }) =>
  ask(client.POST('/deliveries/{id}/retry', { ...path(id), body }));
export const retryDeliveries = (body: c.RetryRequest) => ask(client.POST('/deliveries/retry', { params: {}, body }));
export const discardDelivery = (id: string, reason: string) =>
  ask(client.POST('/deliveries/{id}/discard', { ...path(id), body: { reason } }));
export const cancelNotification = (id: string) => ask(client.POST('/notifications/{id}/cancel', path(id)));
export const pauseNotification = (id: string) => ask(client.POST('/notifications/{id}/pause', path(id)));
export const resumeNotification = (id: string) => ask(client.POST('/notifications/{id}/resume', path(id)));
export const approveNotification = (id: string) => ask(client.POST('/notifications/{id}/approve', path(id)));
export const rejectNotification = (id: string, reason: string) =>
  ask(client.POST('/notifications/{id}/reject', { ...path(id), body: { reason } }));
export const rescheduleNotification = (id: string, at: string) =>
  ask(client.POST('/notifications/{id}/reschedule', { ...path(id), body: { schedule_at: at } }));
export const retryNotification = (id: string) => ask(client.POST('/notifications/{id}/retry', path(id)));
export const getNotificationHistory = (id: string) =>
  ask(client.GET('/notifications/{id}/history', { params: { path: { id } } }));

export const getSuppressions = (query: { company?: string; address?: string; after?: string; limit?: number }) =>
  ask(client.GET('/suppressions', { params: { query: chosen(query) } }));
export const addSuppression = (body: c.SuppressionFields, k: string) =>
  ask(client.POST('/suppressions', { params: key(k), body }));
export const liftSuppression = (id: string, reason: string) =>
  ask(client.DELETE('/suppressions/{id}', { ...path(id), body: { reason } }));

export const getProviders = () => ask(client.GET('/providers'));
const byName = (name: string) => ({ params: { path: { name } } });
export const pauseProvider = ({ name, channel }: c.Provider, reason: string) =>
  ask(client.POST('/providers/{name}/pause', { ...byName(name), body: { reason, channel } }));
export const resumeProvider = ({ name, channel }: c.Provider) =>
  ask(client.POST('/providers/{name}/resume', { ...byName(name), body: { channel } }));

export const getTemplates = (query: { company?: string; channel?: c.Channel; after?: string; limit?: number }) =>
  ask(client.GET('/templates', { params: { query: chosen(query) } }));
export const getTemplate = (id: string) => ask(client.GET('/templates/{id}', path(id)));
export const createTemplate = (body: c.TemplateFields, k: string) =>
  ask(client.POST('/templates', { params: key(k), body }));
export const addTemplateVersion = (id: string, body: c.TemplateFields, k: string) =>
  ask(client.POST('/templates/{id}/versions', { params: { path: { id }, ...key(k) }, body }));
export const renderTemplate = (id: string, body: { client_id?: string; variables: Record<string, string> }) =>
  ask(client.POST('/templates/{id}/render', { ...path(id), body }));
export const testTemplate = (id: string, body: { company_id: string; variables: Record<string, string> }, k: string) =>
  ask(client.POST('/templates/{id}/test', { params: { path: { id }, ...key(k) }, body }));

export interface AuditFilters {
  actor?: string;
  company?: string;
  type?: string;
  subject?: string;
  from?: string;
  to?: string;
  /** `receipts`: hide messages seen and outcomes of deliveries. */
  hide?: string;
}
export const getAudit = (query: AuditFilters & { after?: string; limit?: number }) =>
  ask(client.GET('/audit', { params: { query: chosen(query) } }));
export const getProjections = () => ask(client.GET('/projections'));
export const rebuildProjection = (name: string) =>
  ask(client.POST('/projections/{name}/rebuild', { params: { path: { name } } }));
export const getSimulated = (query: { channel?: c.Channel; after?: string; limit?: number }) =>
  ask(client.GET('/simulator/messages', { params: { query: chosen(query) } }));

/** Opens a live stream (`/inbox/stream`, `/notifications/{id}/stream`), after the given event when there is one. */
export async function openStream(stream: string, lastEventId: string | null, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream', 'Accept-Language': language() };
  if (lastEventId) headers['Last-Event-ID'] = lastEventId;
  const response = await fetch(V1 + stream, { headers, signal, cache: 'no-store' });
  if (!response.ok) throw refused(response, {});
  return response;
}
