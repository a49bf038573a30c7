/** Rules of what is offered to whom: nothing that the server would refuse. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../contract';
import { session } from '../store/session';
import './create-menu';
import type { CreateMenu } from './create-menu';
import { navigation } from './navigation';
import { findRoute } from './routes';
import './shortcuts-dialog';
import type { ShortcutsDialog } from './shortcuts-dialog';

function signInAs(roles: Role[], simulator = true): void {
  const counts = { unseen: 0, unread: 0, total: 0 };
  session.set({ status: 'in', me: { id: 'u1', name: 'Eva', email: '', roles, companies: [], counts, simulator } });
}

async function shown(tag: 'create-menu' | 'shortcuts-dialog'): Promise<string> {
  const element = document.createElement(tag) as CreateMenu | ShortcutsDialog;
  element.open = true;
  document.body.append(element);
  await element.updateComplete;
  return element.renderRoot.textContent ?? '';
}
const places = () => navigation().flatMap((group) => group.items.map((item) => item.path));

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
});
afterEach(() => document.body.replaceChildren());

describe('writing', () => {
  it('is offered to operators and administrators', async () => {
    for (const role of ['operator', 'admin'] as const) {
      signInAs([role]);
      expect(await shown('create-menu')).toContain('Crear mensaje');
    }
  });
  it('is not offered to auditors and notifiers, nor is its key taught', async () => {
    for (const role of ['auditor', 'notifier'] as const) {
      signInAs([role]);
      expect(await shown('create-menu')).not.toContain('Crear mensaje');
      expect(await shown('shortcuts-dialog')).not.toContain('Crear mensaje');
    }
  });
});

describe('«Buzón de pruebas»', () => {
  it('is for those who may send', () => {
    for (const role of ['operator', 'notifier', 'admin'] as const) {
      signInAs([role]);
      expect([places().includes('/buzon'), findRoute('/buzon') !== null]).toEqual([true, true]);
    }
    signInAs(['auditor']);
    expect([places().includes('/buzon'), findRoute('/buzon')]).toEqual([false, null]);
  });
  it('is nowhere without the simulator', () => {
    signInAs(['admin'], false);
    expect([places().includes('/buzon'), findRoute('/buzon')]).toEqual([false, null]);
  });
});

describe('an address below another page', () => {
  it('that a user may not open is not taken for the id of something', () => {
    signInAs(['auditor']);
    for (const path of ['/clientes/importar', '/notificaciones/nueva']) expect(findRoute(path)).toBeNull();
    expect(findRoute('/clientes/k1')?.params).toEqual({ id: 'k1' });
    signInAs(['notifier']);
    expect(findRoute('/clientes/importar')?.params).toEqual({});
  });
});
