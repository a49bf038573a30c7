/** The navigation items that the user may open. */
import type { Key } from '../i18n/es';
import { may, seesSimulator } from '../store/session';
import type { Icon } from '../ui/icons';

export interface NavItem {
  path: string;
  label: Key;
  icon: Icon;
  /** The number beside the label: unread messages, or what requires the user's action. */
  counts?: 'unread' | 'pending';
}
export interface NavGroup {
  label: Key;
  items: NavItem[];
}

/** Paths below an item belong to it, unless a closer item exists. */
export function isCurrent(item: NavItem, path: string): boolean {
  return item.path === '/' ? path === '/' : path === item.path || path.startsWith(`${item.path}/`);
}

export function navigation(): NavGroup[] {
  const groups: NavGroup[] = [
    { label: 'nav.messages', items: messages },
    { label: 'nav.clients', items: may('notifier', 'auditor') ? clients : [] },
    { label: 'nav.control', items: control() },
  ];
  return groups.filter((group) => group.items.length > 0);
}

const messages: NavItem[] = [
  { path: '/', label: 'home.title', icon: 'home' },
  { path: '/pendientes', label: 'pending.title', icon: 'flag', counts: 'pending' },
  { path: '/mensajes', label: 'inbox.title', icon: 'inbox', counts: 'unread' },
  { path: '/enviados', label: 'sent.title', icon: 'sent' },
];

const clients: NavItem[] = [
  { path: '/notificaciones', label: 'notifications.title', icon: 'notify' },
  { path: '/envios', label: 'envios.title', icon: 'sent' },
  { path: '/en-duda', label: 'doubts.title', icon: 'alert' },
  { path: '/plantillas', label: 'templates.title', icon: 'file' },
  { path: '/clientes', label: 'clients.title', icon: 'clients' },
  { path: '/consumo', label: 'usage.title', icon: 'layers' },
  { path: '/exclusiones', label: 'suppressions.title', icon: 'stop' },
];

function control(): NavItem[] {
  const items: NavItem[] = [];
  if (may('admin')) items.push({ path: '/empresas', label: 'companies.title', icon: 'company' });
  if (may('admin')) items.push({ path: '/usuarios', label: 'users.title', icon: 'users' });
  if (may('notifier')) items.push({ path: '/proveedores', label: 'providers.title', icon: 'sent' });
  if (may('auditor')) items.push({ path: '/auditoria', label: 'audit.title', icon: 'audit' });
  if (may('admin')) items.push({ path: '/proyecciones', label: 'projections.title', icon: 'layers' });
  if (seesSimulator()) items.push({ path: '/buzon', label: 'simulator.title', icon: 'phone' });
  return items;
}
