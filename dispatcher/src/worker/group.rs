//! Group commit: what waits at the same moment is written by one statement, and then every caller is answered.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::gather::Flushed;

/// The door to a flusher. It ends, with what is under way done, when the last door is dropped.
pub(crate) struct Group<T, R> {
    waiting: mpsc::Sender<Entry<T, R>>,
}

struct Entry<T, R> {
    item: T,
    reply: oneshot::Sender<R>,
}

impl<T, R> Clone for Group<T, R> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone() }
    }
}

impl<T: Send + 'static, R: Send + 'static> Group<T, R> {
    /// Starts a flusher. `flush` answers every item of a batch, in order; never more than `batch_max` at once. While one
    /// batch is at the disk, the next gathers: two flushers would only wait for each other at the ledger's lock, and halve
    /// each other's batches.
    pub(crate) fn start<F, A>(tasks: &mut JoinSet<()>, batch_max: usize, flush: F) -> Self
    where
        F: Fn(Vec<T>) -> A + Send + Sync + 'static,
        A: Future<Output = Vec<R>> + Send + 'static,
    {
        let (waiting, receiver) = mpsc::channel(2 * batch_max);
        tasks.spawn(flush_for_ever(receiver, batch_max, flush));
        Self { waiting }
    }

    /// Hands an item in, as soon as there is room; its answer comes later, or an error when the flusher is gone.
    pub(crate) async fn put(&self, item: T) -> oneshot::Receiver<R> {
        let (reply, answer) = oneshot::channel();
        // Without a flusher the reply is dropped with the entry, and the answer is an error.
        let _ = self.waiting.send(Entry { item, reply }).await;
        answer
    }
}

async fn flush_for_ever<T, R, F, A>(mut receiver: mpsc::Receiver<Entry<T, R>>, batch_max: usize, flush: F)
where
    F: Fn(Vec<T>) -> A,
    A: Future<Output = Vec<R>>,
{
    let mut before = Flushed::default();
    loop {
        let mut batch = Vec::new();
        if receiver.recv_many(&mut batch, batch_max).await == 0 {
            return;
        }
        before.gather(&mut receiver, &mut batch, batch_max).await;
        let (begun, count) = (Instant::now(), batch.len());
        let (items, replies): (Vec<T>, Vec<_>) =
            batch.into_iter().map(|entry| (entry.item, entry.reply)).unzip();
        let answers = flush(items).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A caller that has gone away has still been served.
            let _ = reply.send(answer);
        }
        before = Flushed::since(begun, count);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;

    use super::*;

    #[derive(Clone)]
    struct Disk {
        batches: Arc<Mutex<Vec<usize>>>,
        gate: Arc<Semaphore>,
    }

    impl Disk {
        fn closed() -> Self {
            Self { batches: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
        }

        async fn flush(self, items: Vec<u32>) -> Vec<u32> {
            self.gate.acquire().await.expect("an open semaphore").forget();
            self.batches.lock().expect("no panic").push(items.len());
            items.into_iter().map(|item| 10 * item).collect()
        }

        fn group(&self, tasks: &mut JoinSet<()>, batch_max: usize) -> Group<u32, u32> {
            let disk = self.clone();
            Group::start(tasks, batch_max, move |items| disk.clone().flush(items))
        }
    }

    #[tokio::test]
    async fn what_waits_together_is_flushed_together_and_each_gets_its_own_answer() {
        let (mut tasks, disk) = (JoinSet::new(), Disk::closed());
        let group = disk.group(&mut tasks, 100);
        let asks = (1..=20).map(|item| {
            let group = group.clone();
            async move { (item, group.put(item).await.await) }
        });
        let asked = tokio::spawn(futures::future::join_all(asks));
        disk.gate.add_permits(2);
        for (item, answer) in asked.await.expect("no panic") {
            assert_eq!(answer, Ok(10 * item));
        }
        assert!(disk.batches.lock().expect("no panic").len() <= 2);
    }

    #[tokio::test]
    async fn a_batch_never_exceeds_its_bound() {
        let (mut tasks, disk) = (JoinSet::new(), Disk::closed());
        let group = disk.group(&mut tasks, 4);
        disk.gate.add_permits(100);
        futures::future::join_all((0..30).map(|item| group.put(item))).await;
        drop(group);
        while tasks.join_next().await.is_some() {}
        let batches = disk.batches.lock().expect("no panic");
        assert_eq!(batches.iter().sum::<usize>(), 30);
        assert!(batches.iter().all(|size| *size <= 4));
    }

    #[tokio::test]
    async fn without_a_flusher_there_is_no_answer() {
        let (mut tasks, disk) = (JoinSet::new(), Disk::closed());
        let group = disk.group(&mut tasks, 4);
        tasks.shutdown().await;
        assert!(group.put(1).await.await.is_err());
    }
}
