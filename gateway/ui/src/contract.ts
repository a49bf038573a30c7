/** The types of the HTTP API as the screens use them; `contract.mjs` compares them with its description. */

export type Role = 'operator' | 'notifier' | 'auditor' | 'admin';
export type Channel = 'sms' | 'email';
export type Category = 'operational' | 'service' | 'collection' | 'commercial';
export type ContactKind = 'holder' | 'emergency_contact' | 'authorized_user';
export type RecipientKind = ContactKind | 'everyone';
export type Priority = 'normal' | 'high';
export type NotificationState =
  | 'scheduled'
  | 'awaiting_approval'
  | 'resolving'
  | 'running'
  | 'paused'
  | 'cancelled'
  | 'completed';
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
  /** Never null here: `named` replaces a missing name by a text. */
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
  /** A word for the reason, where one status has several reasons. */
  code?: string;
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
  /** Ids. */
  companies: string[];
  counts: Counts;
  simulator: boolean;
}
export interface User {
  id: string;
  name: string;
  /** Only administrators see addresses. */
  email: string | null;
  /** In E.164; only administrators see it. */
  phone: string | null;
  roles: Role[];
  /** Ids. */
  companies: string[];
  active: boolean;
}
export interface NewUser {
  name: string;
  email: string;
  phone?: string | null;
  password: string;
  roles: Role[];
  companies: string[];
}
export interface UserChange {
  name?: string;
  email?: string;
  phone?: string | null;
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
  logo_url: string | null;
  /** The names of its clients' own columns. */
  columns: string[];
  limits: CompanyLimits;
}
/** The limits of a company; none: no limit. Days and months are those of its time zone. */
export interface CompanyLimits {
  /** A notification to more people than this needs another person's approval. */
  approval_above: number | null;
  sms_per_day: number | null;
  sms_per_month: number | null;
  emails_per_day: number | null;
  emails_per_month: number | null;
  /** Parts of SMS. */
  segments_per_day: number | null;
  segments_per_month: number | null;
  /** SMS to numbers of other countries. */
  foreign_per_day: number | null;
  /** Messages an hour to one address, alarms aside. */
  per_recipient_per_hour: number | null;
  sms_per_second: number | null;
  emails_per_second: number | null;
}
export type LimitName = keyof CompanyLimits;
/** A limit that is not enough for a notification. */
export interface OverLimit {
  limit: string;
  max: number;
  taken: number;
  asked: number;
}
/** A price, in millionths of its currency. */
export interface Price {
  amount: number;
  currency: string;
}
export interface Cost extends Price {
  /** Messages without a known price. */
  unpriced: number;
}
export interface Usage {
  month: string;
  /** Of the present month only. */
  limits: LimitUse[];
  sms: ChannelUse;
  email: ChannelUse;
  days: DayUse[];
}
export interface LimitUse {
  name: string;
  limit: number;
  used: number;
  /** To notifications that are not over. */
  promised: number;
  until: string;
}
export interface ChannelUse {
  messages: number;
  segments: number;
  foreign: number;
  cost: Cost | null;
}
export interface DayUse {
  day: string;
  sms: ChannelUse;
  email: ChannelUse;
}
export interface CompanyFields {
  name: string;
  country: string;
  time_zone: string;
}
export interface CompanyChange extends Partial<CompanyFields> {
  logo_url?: string | null;
  limits?: Partial<CompanyLimits>;
}

export interface Contact {
  kind: ContactKind;
  name: string;
  phone: string | null;
  email: string | null;
}
export interface ClientFields {
  name: string;
  external_id: string | null;
  contacts: Contact[];
  locale?: string | null;
  time_zone?: string | null;
}
export interface Client extends ClientFields {
  id: string;
  company_id: string;
  /** What it has in the company's own columns. */
  columns: Record<string, string>;
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
  /** The number of errors left off the list. */
  errors_left_off?: number;
  /** The warnings about accepted rows. */
  warnings?: ImportError[];
  warnings_left_off?: number;
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
  /** Its position in the log. */
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
/** To whom a message went, without receipts. */
export interface Addressed {
  /** The first recipients, at most three. */
  to: Reference[];
  recipient_count: number;
}
export interface SentMessage extends Addressed {
  id: string;
  position: number;
  body: string;
  created_at: string;
  priority: Priority;
  acknowledge: boolean;
  in_reply_to: string | null;
  read_count: number;
  acknowledged_count: number;
}
/** A message as its author reads it: without a receipt. */
export interface AuthoredMessage extends SentMessage {
  author: Reference;
}
/** A message as one of its recipients reads it. */
export interface ReceivedMessage extends InboxItem, Addressed {}
export interface ReceiptRow {
  user: Reference;
  seen_at: string | null;
  read_at: string | null;
  acknowledged_at: string | null;
}

export interface TemplateVariable {
  name: string;
  /** What it is where a notification does not say; without it a notification must. */
  default: string | null;
  sample: string | null;
}
export interface TemplateFields {
  name: string;
  channel: Channel;
  category: Category;
  /** None: every company may use it. */
  company_id: string | null;
  subject?: string;
  /** An e-mail with HTML may lack it: it is made of the HTML. */
  body?: string;
  html?: string;
  variables: TemplateVariable[];
}
export interface Template {
  id: string;
  company_id: string | null;
  name: string;
  channel: Channel;
  category: Category;
  version: number;
  last_version: number;
  subject: string | null;
  /** In lists the beginning of it, as of the HTML. */
  body: string;
  body_derived: boolean;
  html: string | null;
  variables: TemplateVariable[];
  author: Reference;
  changed_at: string;
}
export interface ProviderChange {
  position: number;
  at: string;
  actor: Reference | null;
  type: string;
  data: {
    reason?: unknown;
    from?: number;
    to?: number;
    cause?: string;
    bad?: number;
    of?: number;
    slow_after_ms?: number | null;
    late_above_percent?: number | null;
  };
}
export interface Provider {
  name: string;
  channel: Channel;
  state: 'ready' | 'probing' | 'resting';
  rests_until: string | null;
  cause: string | null;
  paused: { since: string; by: Reference | null; reason: string | null } | null;
  share: number;
  processes: number;
  in_flight: number;
  rate_per_second: number;
  sends_per_second: number;
  last_hour: Record<string, number>;
  answer_ms: { p50: number; p99: number } | null;
  changes: ProviderChange[];
}

export type SuppressionReason = 'opt_out' | 'bounce' | 'complaint' | 'manual';
export interface Suppression {
  id: string;
  company_id: string;
  channel: Channel;
  /** Null once the person is erased. */
  address: string | null;
  reason: SuppressionReason;
  note: string | null;
  /** Null if a provider's report did it. */
  author: Reference | null;
  added_at: string;
}
/** What a person decides about a delivery in doubt. */
export interface DoubtDecision {
  outcome: 'accepted' | 'delivered' | 'resend' | 'discard';
  reason: string;
}
export interface SuppressionFields {
  company_id: string;
  channel: Channel;
  address: string;
  reason: SuppressionReason;
  note?: string;
}
/** What a recipient reads. */
export interface Content {
  subject: string | null;
  body: string;
  html: string | null;
}
export interface RenderedTemplate extends Content {
  to: string | null;
  /** Of an SMS. */
  segments: number | null;
}

export interface NotificationRequest {
  company_id: string;
  channel: Channel;
  recipient_kind: RecipientKind;
  category: Category;
  subject?: string;
  /** None with a template. */
  body?: string;
  template_id?: string;
  variables?: Record<string, string>;
  /** Of an SMS only. */
  transliterate?: boolean;
  segments_max?: number;
  filter?: NotificationFilter;
  expires_at?: string;
  /** When it begins; at once if absent. */
  schedule_at?: string;
  /** For how long nothing leaves, so that cancelling undoes everything. */
  hold_seconds?: number;
  confirm_token?: string;
}
export interface NotificationFilter {
  locale?: string;
  time_zone?: string;
  external_ids?: string[];
}
export interface Audience {
  total: number;
  reachable: number;
  excluded: Record<string, number>;
  /** Contacts whose address another contact has too; not counted elsewhere. */
  duplicates: number;
}
export interface SmsPreview {
  encoding: string;
  segments_min: number;
  /** The median. */
  segments_typical: number;
  segments_max: number;
  segments_total: number;
  forcing_characters: string[];
  /** People whose network or provider carries no Unicode. */
  without_unicode: number;
  /** What these people get as `?`. */
  lost_characters: string[];
  /** None if it is not known for everybody. */
  cost: Price | null;
}
export interface Sample {
  client: Reference;
  to: string;
  subject: string | null;
  body: string;
  html: string | null;
  /** Of an SMS. */
  segments: number | null;
}
/** The texts of the people who are reached. */
export interface PreviewTexts {
  /** Of how many people they were counted; fewer than are reached if the audience is large. */
  counted: number;
  /** To how many no text can be sent. */
  unsendable: number;
}
export interface Preview {
  audience: Audience;
  texts: PreviewTexts;
  /** For an SMS only. */
  sms: SmsPreview | null;
  /** The rendered texts of the first recipients. */
  samples: Sample[];
  /** It goes to more people than the company's limit. */
  needs_approval: boolean;
  /** The limit that a send would pass. */
  over_limit: OverLimit | null;
  /** None if the audience is empty. */
  confirm_token: string | null;
}
export type Totals = Record<DeliveryState, number> & { total: number };
export interface Notification {
  id: string;
  company_id: string;
  channel: Channel;
  recipient_kind: RecipientKind;
  category: Category;
  subject: string | null;
  /** In lists only its beginning; the notification itself has all of it. */
  body: string;
  truncated?: boolean;
  /** Subject and text are the template's, before they are rendered for anybody. */
  template_id: string | null;
  /** Which clients it goes to; null: all of the company. */
  filter: UsedFilter | null;
  requested_at: string;
  expires_at: string | null;
  /** Nothing is sent before this. */
  send_at: string | null;
  /** Until it has begun it can have another time. */
  begun_at: string | null;
  /** When it ended before all was sent: a person cancelled or rejected it, or it expired before it began. */
  cancelled_at: string | null;
  approval: Approval | null;
  /** The limit that paused it when its time came. */
  over_limit: OverLimit | null;
  /** Absent in lists, and where nothing has a price. */
  cost?: Cost;
  author: Reference;
  state: NotificationState;
  totals: Totals;
}
export interface Approval {
  state: 'awaiting' | 'approved' | 'rejected';
  by: Reference | null;
  at: string | null;
  /** Why it was rejected. */
  reason: string | null;
  /** How many people it reached when the approval was last asked for. */
  people: number;
  /** Above how many people the company wants an approval. */
  above: number;
}
export interface UsedFilter {
  locale: string | null;
  time_zone: string | null;
  /** How many clients were listed. */
  clients: number | null;
  /** How many of the listed ids no client had. */
  unknown: number | null;
}
export interface FailureCause {
  outcome: string;
  class: string;
  phase: string;
  /** The provider's own. */
  code: string;
  observed: string;
  count: number;
}
export interface Attempt {
  at: string;
  provider: string | null;
  outcome: string;
  class: string | null;
  phase: string | null;
  /** The provider's own. */
  code: string | null;
  /** The dispatcher's own observation. */
  observed: string | null;
  /** The provider's own text. */
  detail: string | null;
  reference: string | null;
  /** When a deferred delivery is attempted again. */
  until: string | null;
}
export interface Delivery {
  id: string;
  notification_id: string;
  company_id: string;
  client: Reference;
  contact: string | null;
  to: string | null;
  state: DeliveryState;
  discarded: boolean;
  attempts: Attempt[];
}
/** A delivery in a list over all notifications. */
export interface ListedDelivery extends Delivery {
  channel: Channel;
  notification: { id: string; title: string; company: Reference; channel: Channel; created_at: string };
}
/** The filters of the deliveries of a notification. The words name one cause; those that it lacks are absent. */
export interface RecipientsQuery {
  state?: string;
  class?: string;
  phase?: string;
  code?: string;
  observed?: string;
  /** Finds clients as their list does. */
  q?: string;
}
/** The filters of that list; of failed ones also in the body of a retry. */
export interface DeliveryFilter {
  company?: string;
  client?: string;
  to?: string;
  state?: string;
  discarded?: boolean;
  class?: string;
  provider?: string;
  channel?: string;
  from?: string;
  to_time?: string;
}
export interface Counted {
  count: number;
  /** Whether that is all. */
  complete: boolean;
}
export interface RetryRequest {
  ids?: string[];
  filter?: Omit<DeliveryFilter, 'discarded'>;
  after?: string;
  reason: string;
}
export interface RetriedDeliveries extends Position {
  retried: number;
  refused: { id: string; code: string }[];
  /** The `after` of the request for the others that the filter takes. */
  next: string | null;
}
/** A delivery by its id, with what its recipient reads; none once it is erased. */
export interface DeliveryWithContent extends Delivery {
  content: Content | null;
}
export interface HistoryEvent {
  position: number;
  at: string;
  actor: Reference | null;
  type: string;
  data: Record<string, unknown>;
}
export interface History {
  events: HistoryEvent[];
  state: Record<string, unknown> | null;
}

export interface AuditEntry {
  position: number;
  at: string;
  actor: Reference | null;
  type: string;
  subject: { type: string; id: string };
  company_id: string | null;
  channel: string | null;
  result: string;
  /** The relevant facts, by type of event. */
  summary: Record<string, unknown>;
}
export interface Projection {
  name: string;
  position: number;
  lag: number;
  state: 'live' | 'rebuilding' | 'failed';
  /** From 0 to 1 while it is being rebuilt. */
  progress: number | null;
  failure: string | null;
  /** Events that cannot be projected, with the later ones of their aggregates. */
  parked: number;
}
/** The messages that the simulator received; our own route, outside the contract. */
export interface SimulatedMessage {
  id: string;
  channel: Channel;
  to: string;
  from: string;
  subject: string | null;
  /** None when the message was refused before its text came. */
  body: string | null;
  /** The link by which a mail's reader unsubscribes. */
  unsubscribe: string | null;
  received_at: string;
  outcome: string;
  /** The code of a refusal: "550 5.1.1", "21211". */
  code: string | null;
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
type ActWith<B> = { post: { parameters: { path: { id: string } } } & Json<B> & Ok<Position> };
type ByName<B> = { post: { parameters: { path: { name: string } } } & Json<B> & Ok<Position> };
type PatchById<B> = { patch: { parameters: { path: { id: string } } } & Json<B> & Ok<Position> };
type DeleteById = { delete: { parameters: { path: { id: string } } } & Ok<Position> };

export interface paths {
  '/session': Post<{ email: string; password: string }, unknown, 200> & {
    delete: { parameters: Record<never, never> } & Ok<unknown, 204>;
  };
  '/me': Get<Me>;
  '/users': Get<Page<User>, Paged & { q?: string; active?: 'true' | 'false' | 'all' }> & Post<NewUser, Created>;
  '/users/{id}': PatchById<UserChange>;
  '/companies': Get<Page<Company>, Paged> & Post<CompanyFields, Created>;
  '/companies/{id}': GetById<Company> & PatchById<CompanyChange>;
  '/companies/{id}/usage': GetById<Usage, { month?: string }>;
  '/companies/{id}/clients': GetById<Page<Client>, Paged & { q?: string }> & PostById<ClientFields, Created>;
  '/clients/{id}': GetById<Client> & PatchById<Partial<ClientFields>> & DeleteById;
  '/messages': Post<NewMessage, Created & { recipients: number }>;
  '/messages/{id}': GetById<ReceivedMessage | AuthoredMessage> & DeleteById;
  '/messages/sent': Get<Page<SentMessage>, Paged>;
  '/messages/{id}/receipts': GetById<Page<ReceiptRow>, Paged>;
  '/inbox': Get<InboxPage, Paged & { state?: 'all' | 'unread' | 'read' | 'pending'; q?: string; author?: string }>;
  '/inbox/summary': Get<InboxSummary>;
  '/inbox/{id}': DeleteById;
  '/inbox/{id}/seen': Act;
  '/inbox/{id}/read': Act;
  '/inbox/{id}/unread': Act;
  '/inbox/{id}/acknowledge': Act;
  '/inbox/{id}/restore': Act;
  '/inbox/read-all': Post<{ up_to: number }, Position, 200>;
  '/notifications/preview': Post<NotificationRequest, Preview, 200>;
  '/notifications': Get<Page<Notification>, Paged & { company?: string; state?: string; from?: string; to?: string }> &
    Post<NotificationRequest, Created, 202>;
  '/notifications/{id}': GetById<Notification>;
  '/notifications/{id}/preview': GetById<Preview>;
  '/notifications/{id}/failures': GetById<Page<FailureCause>>;
  '/notifications/{id}/deliveries': GetById<Page<Delivery>, Paged & RecipientsQuery>;
  '/deliveries': Get<Page<ListedDelivery>, Paged & DeliveryFilter>;
  '/deliveries/count': Get<Counted, DeliveryFilter>;
  '/deliveries/retry': Post<RetryRequest, RetriedDeliveries, 202>;
  '/deliveries/{id}': GetById<DeliveryWithContent>;
  '/deliveries/{id}/retry': ActWith<{ to?: string; update_client?: boolean }>;
  '/deliveries/{id}/discard': ActWith<{ reason: string }>;
  '/suppressions': Get<Page<Suppression>, Paged & { company?: string; address?: string }> &
    Post<SuppressionFields, Created>;
  '/suppressions/{id}': {
    delete: {
      parameters: { path: { id: string } };
      requestBody: { content: { 'application/json': { reason: string } } };
    } & Ok<Position>;
  };
  '/templates': Get<Page<Template>, Paged & { company?: string; channel?: Channel }> & Post<TemplateFields, Created>;
  '/templates/{id}': GetById<Template, { version?: number }>;
  '/templates/{id}/versions': PostById<TemplateFields, Created>;
  '/templates/{id}/render': PostById<{ client_id?: string; variables: Record<string, string> }, RenderedTemplate, 200>;
  '/templates/{id}/test': PostById<{ company_id: string; variables: Record<string, string> }, Created, 202>;
  '/deliveries/{id}/resolve': ActWith<DoubtDecision>;
  '/notifications/{id}/cancel': Act;
  '/notifications/{id}/retry': Act;
  '/notifications/{id}/pause': Act;
  '/notifications/{id}/resume': Act;
  '/notifications/{id}/approve': Act;
  '/notifications/{id}/reject': ActWith<{ reason: string }>;
  '/notifications/{id}/reschedule': ActWith<{ schedule_at: string }>;
  '/notifications/{id}/history': GetById<History, { as_of?: string }>;
  '/audit': Get<
    Page<AuditEntry>,
    Paged & { actor?: string; company?: string; type?: string; subject?: string; from?: string; to?: string }
  >;
  '/projections': Get<Page<Projection>>;
  '/projections/{name}/rebuild': {
    post: { parameters: { path: { name: string } } } & Ok<unknown, 202>;
  };
  '/providers': Get<Page<Provider>>;
  '/providers/{name}/pause': ByName<{ reason: string; channel: Channel }>;
  '/providers/{name}/resume': ByName<{ channel: Channel }>;
  '/simulator/messages': Get<Page<SimulatedMessage>, Paged & { channel?: Channel }>;
}
