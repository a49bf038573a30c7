/**
 * Keeps what a user has written sealed in this browser: it outlives a reload, a crash and a log-out, and the next user of
 * the desk cannot read it. Decision 0048 explains the sealing.
 */
import { Store } from './store';

export const sealedAs = (user: string, name: string) => `mensajeria.sealed.${user}.${name}`;
const saltedAs = (user: string) => `mensajeria.salt.${user}`;
/** OWASP's number for PBKDF2 with SHA-256 (Password Storage Cheat Sheet, 2023). */
const ROUNDS = 600_000;
const SALT_BYTES = 16;
/** AES-GCM's nonce: fresh for every text. */
const NONCE_BYTES = 12;

/** Holds the key of a user between reloads, from log-in to log-out. */
export interface KeyRing {
  get(user: string): Promise<CryptoKey | null>;
  put(user: string, key: CryptoKey): Promise<void>;
  clear(): Promise<void>;
}
interface Vault {
  user: string;
  key: CryptoKey;
}

/** The open vault; none before a log-in and after a log-out. */
export const vault = new Store<Vault | null>(null);

/**
 * Opens the vault of a user who gave the password, or whose key is on the ring since a log-in. Without either, and where the
 * browser has no cryptography because the page came without TLS, nothing is kept beyond the page.
 */
export async function openVault(user: string, ring: KeyRing, password?: string): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  const key = password === undefined ? await ring.get(user) : await keyOf(user, password);
  if (!key) return;
  if (password !== undefined) {
    // A key of the last user, who did not log out, must not stay.
    await ring.clear();
    await ring.put(user, key);
  }
  vault.set({ user, key });
}

/** What must be kept before the vault closes. */
const lastWords = new Set<() => Promise<void>>();

export function beforeClosing(keep: () => Promise<void>): void {
  lastWords.add(keep);
}

/** Takes the key out of the browser. The sealed texts stay, for the next log-in of their user. */
export async function closeVault(ring: KeyRing): Promise<void> {
  await Promise.all([...lastWords].map((keep) => keep()));
  vault.set(null);
  await ring.clear();
}

/** The last writing: an older text must not come after a newer one, nor after «no longer kept». */
let written: Promise<void> = Promise.resolve();

/** Keeps a value under a name, or with null nothing any more. A closed vault keeps nothing. */
export function seal(name: string, value: unknown): Promise<void> {
  written = written.then(() => write(name, value));
  return written;
}

async function write(name: string, value: unknown): Promise<void> {
  const open = vault.get();
  if (!open) return;
  if (value === null) return localStorage.removeItem(sealedAs(open.user, name));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const text = new TextEncoder().encode(JSON.stringify(value));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, open.key, text);
  if (vault.get() !== open) return;
  try {
    localStorage.setItem(sealedAs(open.user, name), `${encoded(nonce)}.${encoded(new Uint8Array(sealed))}`);
  } catch {
    // The browser's room is full: the text is on the page still.
  }
}

/** The value kept under a name; none when there is none, or when the password has changed since. */
export async function unseal<T>(name: string): Promise<T | null> {
  const open = vault.get();
  const [nonce, sealed] = (open && localStorage.getItem(sealedAs(open.user, name)))?.split('.') ?? [];
  if (!open || !nonce || !sealed) return null;
  try {
    const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: decoded(nonce) }, open.key, decoded(sealed));
    return JSON.parse(new TextDecoder().decode(text)) as T;
  } catch {
    return null;
  }
}

/** The key can be used and not read: a script or a person at the desk cannot carry it away. */
async function keyOf(user: string, password: string): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, [
    'deriveKey',
  ]);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: saltOf(user), iterations: ROUNDS };
  return crypto.subtle.deriveKey(how, secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function saltOf(user: string): Uint8Array<ArrayBuffer> {
  const stored = localStorage.getItem(saltedAs(user));
  if (stored) return decoded(stored);
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  localStorage.setItem(saltedAs(user), encoded(salt));
  return salt;
}

const encoded = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const decoded = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
