/** The pages: path, title, who may open it, and its element, which is loaded on demand. */
import { html, type TemplateResult } from 'lit';
import type { Role } from '../contract';
import type { Key } from '../i18n/es';
import { may, seesSimulator } from '../store/session';
import { match } from './router';

interface Route {
  path: string;
  title: Key;
  /** The roles that may open the route; without roles, every user. */
  roles?: Role[];
  allowed?: () => boolean;
  load: () => Promise<unknown>;
  render: (params: Record<string, string>) => TemplateResult;
}

const reader: Role[] = ['notifier', 'auditor'];
const inbox = () => import('../messages/inbox-page');
const sent = () => import('../messages/sent-page');
const detail = () => import('../notifications/notification-page');

// One template for both addresses: the element keeps its list and focus when a part of it opens.
const inboxPage = ({ id = '' }: Record<string, string>) => html`<inbox-page message=${id}></inbox-page>`;
const sentPage = ({ id = '' }: Record<string, string>) => html`<sent-page message=${id}></sent-page>`;
const notificationPage = (id = '', tab: string) =>
  html`<notification-page notification=${id} tab=${tab}></notification-page>`;

const routes: Route[] = [
  { path: '/', title: 'home.title', load: () => import('./home-page'), render: () => html`<home-page></home-page>` },
  {
    path: '/pendientes',
    title: 'pending.title',
    load: () => import('../pending/pending-page'),
    render: () => html`<pending-page></pending-page>`,
  },
  { path: '/mensajes', title: 'inbox.title', load: inbox, render: inboxPage },
  {
    path: '/mensajes/:id',
    title: 'inbox.title',
    load: inbox,
    render: inboxPage,
  },
  {
    path: '/enviados',
    title: 'sent.title',
    load: sent,
    render: sentPage,
  },
  {
    path: '/enviados/:id',
    title: 'sent.title',
    load: sent,
    render: sentPage,
  },
  {
    path: '/notificaciones',
    title: 'notifications.title',
    roles: reader,
    load: () => import('../notifications/notifications-page'),
    render: () => html`<notifications-page></notifications-page>`,
  },
  {
    path: '/notificaciones/nueva',
    title: 'send.title',
    roles: ['notifier'],
    load: () => import('../notifications/send-page'),
    render: () => html`<send-page></send-page>`,
  },
  {
    path: '/consumo',
    title: 'usage.title',
    roles: reader,
    load: () => import('../companies/usage-page'),
    render: () => html`<usage-page></usage-page>`,
  },
  {
    path: '/notificaciones/:id',
    title: 'notification.title',
    roles: reader,
    load: detail,
    render: ({ id }) => notificationPage(id, 'recipients'),
  },
  {
    path: '/notificaciones/:id/historial',
    title: 'history.title',
    roles: reader,
    load: detail,
    render: ({ id }) => notificationPage(id, 'history'),
  },
  {
    path: '/envios',
    title: 'envios.title',
    roles: reader,
    load: () => import('../deliveries/deliveries-page'),
    render: () => html`<deliveries-page></deliveries-page>`,
  },
  {
    path: '/en-duda',
    title: 'doubts.title',
    roles: reader,
    load: () => import('../deliveries/doubts-page'),
    render: () => html`<doubts-page></doubts-page>`,
  },
  {
    path: '/plantillas',
    title: 'templates.title',
    roles: reader,
    load: () => import('../templates/templates-page'),
    render: () => html`<templates-page></templates-page>`,
  },
  {
    path: '/exclusiones',
    title: 'suppressions.title',
    roles: reader,
    load: () => import('../suppressions/suppressions-page'),
    render: () => html`<suppressions-page></suppressions-page>`,
  },
  {
    path: '/clientes',
    title: 'clients.title',
    roles: reader,
    load: () => import('../clients/clients-page'),
    render: () => html`<clients-page></clients-page>`,
  },
  {
    path: '/clientes/importar',
    title: 'import.title',
    roles: ['notifier'],
    load: () => import('../clients/import-page'),
    render: () => html`<import-page></import-page>`,
  },
  {
    path: '/clientes/:id',
    title: 'subject.client',
    roles: reader,
    load: () => import('../clients/client-page'),
    render: ({ id }) => html`<client-page client=${id}></client-page>`,
  },
  {
    path: '/empresas',
    title: 'companies.title',
    roles: ['admin'],
    load: () => import('../companies/companies-page'),
    render: () => html`<companies-page></companies-page>`,
  },
  {
    path: '/usuarios',
    title: 'users.title',
    roles: ['admin'],
    load: () => import('../users/users-page'),
    render: () => html`<users-page></users-page>`,
  },
  {
    path: '/auditoria',
    title: 'audit.title',
    roles: ['auditor'],
    load: () => import('../audit/audit-page'),
    render: () => html`<audit-page></audit-page>`,
  },
  {
    path: '/proveedores',
    title: 'providers.title',
    roles: ['notifier'],
    load: () => import('../providers/providers-page'),
    render: () => html`<providers-page></providers-page>`,
  },
  {
    path: '/proyecciones',
    title: 'projections.title',
    roles: ['admin'],
    load: () => import('../projections/projections-page'),
    render: () => html`<projections-page></projections-page>`,
  },
  {
    path: '/buzon',
    title: 'simulator.title',
    allowed: seesSimulator,
    load: () => import('../simulator/simulator-page'),
    render: () => html`<simulator-page></simulator-page>`,
  },
];

export interface Found {
  route: Route;
  params: Record<string, string>;
}

/**
 * The page of a path, or null when there is none or the user may not open it: both look the same. The first route that
 * matches decides, so that «importar» is never taken for the id of a client.
 */
export function findRoute(path: string): Found | null {
  for (const route of routes) {
    const params = match(route.path, path);
    if (params) return open(route) ? { route, params } : null;
  }
  return null;
}

function open(route: Route): boolean {
  if (route.allowed) return route.allowed();
  return !route.roles || may(...route.roles);
}
