/** The key of the vault in this browser's database, which keeps keys that no script can read. */
import type { KeyRing } from './vault';

const DATABASE = 'mensajeria';
const TABLE = 'keys';

/** Where the browser has no database, as in some private windows, a key lasts as long as the page. */
export const keyRing: KeyRing = {
  get: (user) => run<CryptoKey | null>('readonly', (table) => table.get(user)).then((key) => key ?? null, none),
  put: (user, key) => run('readwrite', (table) => table.put(key, user)).then(done, done),
  clear: () => run('readwrite', (table) => table.clear()).then(done, done),
};

const none = () => null;
const done = () => undefined;

async function run<T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(TABLE, mode);
    const request = ask(transaction.objectStore(TABLE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
