//! The thread that all piped logs go through: one wait for all pipes, one batch of each in turn.
//!
//! It may wait for a disk; the daemon's loop never waits for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use supervisor_core::{Moment, ServiceId};
use tokio::sync::mpsc::UnboundedSender;

use super::ledger::Unfinished;
use super::lines::Rest;
use super::service::{Service, Tools};
use super::setup::Setup;
use crate::daemon::Internal;
use crate::os::{Pipe, Poller};

/// Most streams of a service that are told apart.
const STREAMS: u64 = 2;

/// How long a pipe fills that had little in it: whoever writes fast is not held up by a reader that
/// takes each line at once, and the reader takes a thousand in the time of one.
const FILLING: Duration = Duration::from_millis(1);

/// Less is little, in bytes.
const LITTLE: usize = 16 * 1024;

/// What the loop wants of the thread.
pub(super) enum Order {
    /// A service has pipes; run and process are those of an earlier daemon, if there are any.
    Open { service: ServiceId, setup: Box<Setup>, pipes: Vec<Pipe>, run: u32, pid: Option<u32> },
    /// Its definition says otherwise how lines are written.
    Change { service: ServiceId, setup: Box<Setup> },
    /// A run is about to begin. Its lines wait until its process is known.
    Begin { service: ServiceId, run: u32 },
    /// It has this process, or none after all.
    Know { service: ServiceId, pid: Option<u32> },
    /// What is in the pipes now has to be in the log before this number is told.
    Drain { service: ServiceId, number: u64 },
    /// It has no pipes any more.
    Close { service: ServiceId },
    /// All services of an earlier daemon are known by now.
    Loaded,
}

pub(super) struct Worker {
    tools: Tools,
    poller: Poller,
    orders: Receiver<Order>,
    drained: UnboundedSender<Internal>,
    services: BTreeMap<ServiceId, Member>,
    /// Pipes with something in them that nobody looked at yet.
    ready: VecDeque<u64>,
    /// Services whose files take nothing.
    stuck: BTreeSet<ServiceId>,
    unfinished: Option<Unfinished>,
    is_loaded: bool,
}

struct Member {
    service: Service,
    is_beginning: bool,
    is_ready: [bool; STREAMS as usize],
    /// Only while there is nothing in it: being told of each write is paid for by the writer.
    is_watched: [bool; STREAMS as usize],
}

impl Member {
    /// When its files are tried again.
    fn stuck_until(&self) -> Option<Moment> {
        self.service.stuck_until().filter(|_| !self.is_beginning)
    }
}

impl Worker {
    pub(super) fn new(
        (tools, unfinished): (Tools, Option<Unfinished>),
        poller: Poller,
        orders: Receiver<Order>,
        drained: UnboundedSender<Internal>,
    ) -> Self {
        let (services, ready, stuck) = Default::default();
        Self {
            tools,
            poller,
            orders,
            drained,
            services,
            ready,
            stuck,
            unfinished,
            is_loaded: false,
        }
    }

    /// Works until the daemon ends.
    pub(super) fn run(mut self) {
        let mut keys = Vec::new();
        while self.obey() {
            self.retry();
            if self.is_loaded && !self.round() {
                return;
            }
            let limit = if self.is_loaded && !self.ready.is_empty() {
                Some(Duration::ZERO)
            } else {
                self.pause()
            };
            if let Err(error) = self.poller.wait(limit, &mut keys) {
                log::error!("cannot wait for the pipes of logs: {error}; they wait now");
                return;
            }
            keys.drain(..).for_each(|key| self.is_ready(key));
        }
    }

    /// One batch of each pipe, as long as nothing else is asked; false when nothing will be asked
    /// any more.
    fn round(&mut self) -> bool {
        let mut most = 0;
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { break };
            most = most.max(self.pass(key));
            if !self.obey() {
                return false;
            }
        }
        !(1..LITTLE).contains(&most) || self.let_fill()
    }

    /// Lets pipes fill unless something is asked; false when nothing will be any more.
    fn let_fill(&mut self) -> bool {
        match self.orders.recv_timeout(FILLING) {
            Ok(order) => self.follow(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    /// How long nothing is to be done but what pipes and the loop ask for.
    fn pause(&self) -> Option<Duration> {
        let stuck = self.stuck.iter().filter_map(|service| self.services.get(service));
        let now = self.tools.clock.now();
        stuck
            .filter_map(Member::stuck_until)
            .min()
            .map(|until| if until < now { Duration::ZERO } else { until - now })
    }

    /// Takes orders that there are; false when there will be none any more.
    fn obey(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.follow(order),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Open { service, setup, pipes, run, pid } => {
                self.close(service);
                let mut opened = Service::new(*setup, pipes, &self.tools.ledger);
                (opened.run, opened.pid) = (run, pid);
                let (is_ready, is_watched) = Default::default();
                let member = Member { service: opened, is_beginning: false, is_ready, is_watched };
                self.services.insert(service, member);
                service_keys(service).for_each(|key| self.watch(key));
            }
            Order::Change { service, setup } => {
                if let Some(member) = self.services.get_mut(&service) {
                    member.service.setup = *setup;
                }
            }
            Order::Begin { service, run } => {
                if let Some(member) = self.services.get_mut(&service) {
                    member.is_beginning = true;
                    (member.service.run, member.service.pid) = (run, None);
                }
            }
            Order::Know { service, pid } => {
                if let Some(member) = self.services.get_mut(&service) {
                    member.is_beginning = false;
                    member.service.pid = pid;
                    service_keys(service).for_each(|key| self.is_ready(key));
                }
            }
            Order::Drain { service, number } => {
                if let Some(member) = self.services.get_mut(&service) {
                    member.service.drain(&mut self.tools);
                }
                self.watch_stuck(service);
                // The loop may have ended meanwhile.
                let _ = self.drained.send(Internal::Drained(number));
            }
            Order::Close { service } => self.close(service),
            Order::Loaded => self.load(),
        }
    }

    fn close(&mut self, service: ServiceId) {
        if let Some(mut member) = self.services.remove(&service) {
            self.stuck.remove(&service);
            member.service.drain(&mut self.tools);
            member.service.pipes().for_each(|pipe| self.poller.unwatch(pipe));
        }
    }

    /// Finishes what a killed daemon left half done, before anything else.
    fn load(&mut self) {
        self.is_loaded = true;
        let Some(Unfinished { pipe, batch, taken }) = self.unfinished.take() else { return };
        let found = self
            .services
            .values_mut()
            .find_map(|member| Some((member.service.source(&pipe)?, &mut member.service)));
        match found {
            Some((which, service)) => service.resume(which, batch, taken, &mut self.tools),
            None => log::warn!("the log of {pipe} ends early: its service is not there any more"),
        }
    }

    fn is_ready(&mut self, key: u64) {
        let (service, which) = source(key);
        if let Some(member) = self.services.get_mut(&service)
            && !std::mem::replace(&mut member.is_ready[which], true)
        {
            self.ready.push_back(key);
        }
    }

    /// Passes on a batch; how many bytes that was.
    fn pass(&mut self, key: u64) -> usize {
        let (service, which) = source(key);
        let Some(member) = self.services.get_mut(&service) else { return 0 };
        member.is_ready[which] = false;
        if member.is_beginning || member.service.pipes().count() <= which {
            return 0;
        }
        let passed = member.service.pass(which, Rest::Waits, &mut self.tools);
        self.watch_stuck(service);
        if passed == 0 {
            self.watch(key);
        } else {
            self.unwatch(key);
            self.is_ready(key);
        }
        passed
    }

    fn watch(&mut self, key: u64) {
        let (service, which) = source(key);
        if let Some(member) = self.services.get_mut(&service)
            && let Some(pipe) = member.service.pipes().nth(which)
            && !std::mem::replace(&mut member.is_watched[which], true)
            && let Err(error) = self.poller.watch(pipe, key)
        {
            log::error!("{}: cannot watch its pipe: {error}", member.service.setup.label);
        }
    }

    fn unwatch(&mut self, key: u64) {
        let (service, which) = source(key);
        if let Some(member) = self.services.get_mut(&service)
            && let Some(pipe) = member.service.pipes().nth(which)
            && std::mem::replace(&mut member.is_watched[which], false)
        {
            self.poller.unwatch(pipe);
        }
    }

    fn watch_stuck(&mut self, service: ServiceId) {
        let is_stuck = |member: &Member| member.service.stuck_until().is_some();
        if self.services.get(&service).is_some_and(is_stuck) {
            self.stuck.insert(service);
        } else {
            self.stuck.remove(&service);
        }
    }

    /// Tries files again that took nothing.
    fn retry(&mut self) {
        let now = self.tools.clock.now();
        let is_due = |service: &&ServiceId| {
            let member = self.services.get(service);
            member.and_then(Member::stuck_until).is_some_and(|until| until <= now)
        };
        let due = self.stuck.iter().filter(is_due);
        let due: Vec<u64> = due.flat_map(|service| service_keys(*service)).collect();
        due.into_iter().for_each(|key| self.is_ready(key));
    }
}

fn service_keys(service: ServiceId) -> impl Iterator<Item = u64> {
    let first = u64::from(service.0) * STREAMS;
    first..first + STREAMS
}

fn source(key: u64) -> (ServiceId, usize) {
    let service = u32::try_from(key / STREAMS).unwrap_or(u32::MAX);
    (ServiceId(service), usize::try_from(key % STREAMS).unwrap_or(0))
}
