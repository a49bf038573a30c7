/** The shapes of the HTTP API, by hand from its contract; `openapi-typescript` may replace `paths` later. */

export type Role = 'operator' | 'notifier' | 'auditor' | 'admin';
export type Channel = 'sms' | 'email';
export type Category = 'operational' | 'service' | 'collection' | 'commercial';
export type ContactKind = 'holder' | 'emergency_contact' | 'authorized_user';
export type RecipientKind = ContactKind | 'everyone';
export type Priority = 'normal' | 'high';
export type NotificationState = 'scheduled' | 'resolving' | 'running' | 'paused' | 'cancelled' | 'completed';
export type DeliveryState =
  | 'pending'
  | 'sending'
  | 'accepted'
  | 'delivered'
  | 'deferred'
  | 'failed'
  | 'suppressed'
  | 'in_doubt'
  | 'cancelled';

export interface Reference {
  id: string;
  name: string;
}
export interface Position {
  position: number;
}
export interface Created extends Position {
  id: string;
}
export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface ProblemError {
  pointer: string;
  code: string;
  detail: string;
}
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  errors?: ProblemError[];
  trace_id?: string;
}

export interface Counts {
  unseen: number;
  unread: number;
  total: number;
}
export interface Me {
  id: string;
  name: string;
  email: string;
  roles: Role[];
  /** Ids, or ids with names; `store/session` reads both. */
  companies: (string | Reference)[];
  counts: Counts;
  simulator?: boolean;
}
export interface User {
  id: string;
  name: string;
  /** Only administrators see addresses. */
  email: string | null;
  roles: Role[];
  companies: (string | Reference)[];
  active?: boolean;
}
export interface NewUser {
  name: string;
  email: string;
  password: string;
  roles: Role[];
  companies: string[];
}
export interface UserChange {
  name?: string;
  email?: string;
  password?: string;
  roles?: Role[];
  companies?: string[];
  active?: boolean;
}

export interface Company {
  id: string;
  name: string;
  country: string;
  time_zone: string;
}
export interface CompanyFields {
  name: string;
  country: string;
  time_zone: string;
}

export interface Contact {
  kind: ContactKind;
  name: string;
  phone: string | null;
  email: string | null;
}
export interface ClientFields {
  name: string;
  external_id: string;
  contacts: Contact[];
  locale?: string | null;
  time_zone?: string | null;
}
export interface Client extends ClientFields {
  id: string;
  company_id?: string;
}
export interface ImportError {
  line: number;
  column: string;
  value: string;
  code: string;
  detail: string;
}
export interface ImportReport extends Position {
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  errors: ImportError[];
}

export interface NewMessage {
  recipients: string[];
  roles: Role[];
  company: string | null;
  body: string;
  priority: Priority;
  acknowledge: boolean;
  in_reply_to: string | null;
}
export interface InboxItem {
  id: string;
  /** Its place in the log. */
  position: number;
  author: Reference;
  body: string;
  created_at: string;
  priority: Priority;
  seen_at: string | null;
  read_at: string | null;
  acknowledged_at: string | null;
  acknowledge: boolean;
  in_reply_to: string | null;
}
export interface InboxPage extends Page<InboxItem> {
  counts: Counts;
}
export interface InboxSummary {
  counts: Counts;
  newest: InboxItem[];
}
export interface SentMessage {
  id: string;
  body: string;
  created_at: string;
  priority: Priority;
  acknowledge: boolean;
  in_reply_to: string | null;
  recipient_count: number;
  read_count: number;
  acknowledged_count: number;
}
export interface ReceiptRow {
  user: Reference;
  seen_at: string | null;
  read_at: string | null;
  acknowledged_at: string | null;
}

export interface NotificationRequest {
  company_id: string;
  channel: Channel;
  recipient_kind: RecipientKind;
  category: Category;
  subject?: string;
  body: string;
  expires_at?: string;
  confirm_token?: string;
}
export interface Audience {
  total: number;
  reachable: number;
  excluded: Record<string, number>;
  /** Contacts with an address that another one has too; in no other number. */
  duplicates?: number;
}
export interface SmsPreview {
  encoding: string;
  segments_min: number;
  segments_max: number;
  segments_total: number;
  forcing_characters: string[];
}
export interface Preview {
  audience: Audience;
  sms?: SmsPreview | null;
  samples?: unknown[];
  confirm_token?: string | null;
}
export type Totals = Record<DeliveryState, number> & { total: number };
export interface Notification {
  id: string;
  company_id: string;
  channel: Channel;
  recipient_kind: RecipientKind;
  category: Category;
  subject: string | null;
  body: string;
  requested_at: string;
  expires_at?: string | null;
  author?: Reference | null;
  state: NotificationState;
  totals: Totals;
  /** Failures by cause, when the server has grouped them. */
  causes?: FailureCause[];
}
export interface FailureCause {
  outcome: string;
  class: string;
  code: string;
  count: number;
}
export interface Attempt {
  at: string;
  provider: string | null;
  outcome: string;
  class?: string | null;
  code: string | null;
  detail: string | null;
  reference: string | null;
}
export interface Delivery {
  id: string;
  client: Reference;
  contact: string | Reference | null;
  to: string | null;
  state: DeliveryState;
  attempts: Attempt[];
}
export interface HistoryEvent {
  position: number;
  at: string;
  actor: Reference | string | null;
  type: string;
  data: unknown;
}
export interface History {
  events: HistoryEvent[];
  state: unknown;
}

export interface AuditEntry {
  position: number;
  at: string;
  actor: Reference | null;
  type: string;
  subject: { type: string; id: string } | null;
  company_id: string | null;
  channel: string | null;
  result: string | null;
  summary: Record<string, unknown> | string | null;
}
export interface Projection {
  name: string;
  position: number;
  lag: number;
  state: 'live' | 'rebuilding' | 'failed';
  progress: number | null;
  failure?: string | null;
}
/** What the simulator received; our own route, outside the contract. */
export interface SimulatedMessage {
  id: string | number;
  channel: Channel;
  to: string;
  from: string;
  subject: string | null;
  /** None when the message was refused before its text came. */
  body: string | null;
  received_at: string;
  outcome: string | { kind: string; code?: string };
}

interface Paged {
  limit?: number;
  after?: string;
}
type Ok<T, S extends number = 200> = {
  responses: {
    [K in S]: { content: { 'application/json': T } };
  } & { default: { content: { 'application/problem+json': ProblemBody } } };
};
type Get<T, Q = Record<never, never>> = { get: { parameters: { query?: Q } } & Ok<T> };
type GetById<T, Q = Record<never, never>> = { get: { parameters: { path: { id: string }; query?: Q } } & Ok<T> };
type Header = { header?: { 'Idempotency-Key'?: string } };
type Json<B> = { requestBody: { content: { 'application/json': B } } };
type Post<B, T, S extends number = 201> = { post: { parameters: Header } & Json<B> & Ok<T, S> };
type PostById<B, T, S extends number = 201> = {
  post: { parameters: Header & { path: { id: string } } } & Json<B> & Ok<T, S>;
};
type Act<S extends number = 200, T = Position> = { post: { parameters: { path: { id: string } } } & Ok<T, S> };
type PatchById<B> = { patch: { parameters: { path: { id: string } } } & Json<B> & Ok<Position> };
type DeleteById = { delete: { parameters: { path: { id: string } } } & Ok<Position> };

export interface paths {
  '/api/v1/session': Post<{ email: string; password: string }, unknown, 200> & {
    delete: { parameters: Record<never, never> } & Ok<unknown, 204>;
  };
  '/api/v1/me': Get<Me>;
  '/api/v1/users': Get<Page<User>, Paged & { q?: string }> & Post<NewUser, Created>;
  '/api/v1/users/{id}': PatchById<UserChange>;
  '/api/v1/companies': Get<Page<Company>, Paged> & Post<CompanyFields, Created>;
  '/api/v1/companies/{id}': GetById<Company> & PatchById<Partial<CompanyFields>>;
  '/api/v1/companies/{id}/clients': GetById<Page<Client>, Paged & { q?: string }> & PostById<ClientFields, Created>;
  '/api/v1/clients/{id}': GetById<Client> & PatchById<Partial<ClientFields>> & DeleteById;
  '/api/v1/messages': Post<NewMessage, Created & { recipients: number }>;
  '/api/v1/messages/{id}': GetById<InboxItem> & DeleteById;
  '/api/v1/messages/sent': Get<Page<SentMessage>, Paged>;
  '/api/v1/messages/{id}/receipts': GetById<Page<ReceiptRow>, Paged>;
  '/api/v1/inbox': Get<InboxPage, Paged & { state?: 'all' | 'unread' | 'read'; q?: string; author?: string }>;
  '/api/v1/inbox/summary': Get<InboxSummary>;
  '/api/v1/inbox/{id}': DeleteById;
  '/api/v1/inbox/{id}/seen': Act;
  '/api/v1/inbox/{id}/read': Act;
  '/api/v1/inbox/{id}/unread': Act;
  '/api/v1/inbox/{id}/acknowledge': Act;
  '/api/v1/inbox/{id}/restore': Act;
  '/api/v1/inbox/read-all': Post<{ up_to: number }, Position, 200>;
  '/api/v1/notifications/preview': Post<NotificationRequest, Preview, 200>;
  '/api/v1/notifications': Get<
    Page<Notification>,
    Paged & { company?: string; state?: string; from?: string; to?: string }
  > &
    Post<NotificationRequest, Created, 202>;
  '/api/v1/notifications/{id}': GetById<Notification>;
  '/api/v1/notifications/{id}/deliveries': GetById<Page<Delivery>, Paged & { state?: string }>;
  '/api/v1/notifications/{id}/cancel': Act;
  '/api/v1/notifications/{id}/retry': Act;
  '/api/v1/notifications/{id}/history': GetById<History, { as_of?: string }>;
  '/api/v1/deliveries/{id}': GetById<Delivery>;
  '/api/v1/audit': Get<
    Page<AuditEntry>,
    Paged & { actor?: string; company?: string; type?: string; subject?: string; from?: string; to?: string }
  >;
  '/api/v1/projections': Get<Page<Projection>>;
  '/api/v1/projections/{id}/rebuild': Act<202, unknown>;
  '/api/v1/simulator/messages': Get<Page<SimulatedMessage>, Paged & { channel?: Channel }>;
}
