//! One case being played: the loop's part, without a world.

use std::fmt::Write as _;

use supervisor_core::{Action, Event, Moment, Policy, ServiceId, State, Supervisor, Wall};

use crate::triggers;
use crate::words::{self, Settings};

/// So many timeouts at one moment are a livelock.
const TIMEOUTS_MAX: usize = 100;

/// A case being played.
#[derive(Default)]
pub(crate) struct Player {
    core: Supervisor,
    now: Moment,
    wall: Wall,
    /// The clock on the wall matters.
    shows_wall: bool,
    cast: Vec<Role>,
    /// The story so far, as it belongs in the file.
    pub(crate) lines: Vec<String>,
}

/// A service of the case; the first has no name, so that most cases need none.
struct Role {
    name: String,
    policy: Policy,
    shown: String,
}

impl Player {
    /// Sets the clock and loads the first service.
    pub(crate) fn begin(settings: &[&str]) -> Self {
        let mut player = Self::default();
        let settings: Vec<&str> =
            settings.iter().filter(|line| !player.set_wall(line)).copied().collect();
        player.load("", &settings, None);
        player
    }

    /// Lets time pass until then.
    pub(crate) fn run_clock(&mut self, until: Moment) {
        let mut times = 0;
        while let Some(deadline) = self.core.deadline().filter(|deadline| *deadline <= until) {
            times = if self.now < deadline { 0 } else { times + 1 };
            assert!(times < TIMEOUTS_MAX, "timeouts without end:\n{}", self.lines.join("\n"));
            self.now = self.now.max(deadline);
            self.handle(Event::Timeout);
        }
        self.now = until;
    }

    /// Lets time pass until nothing is due any more but what definitions make due again and again.
    pub(crate) fn run_out(&mut self) {
        while let Some(deadline) =
            self.core.services().filter_map(|(_, one)| due(one.state())).min()
        {
            self.run_clock(deadline.max(self.now));
        }
    }

    /// The machine slept until then.
    pub(crate) fn sleep(&mut self, until: Moment) {
        self.now = until;
    }

    /// Plays the part of a line after its `>`.
    pub(crate) fn hear(&mut self, line: &str) {
        self.lines.push(format!("{:<6}> {line}", words::time(self.now)));
        let (name, line) = match line.split_once(": ") {
            Some((name, line)) if !name.contains(' ') => (name, line),
            Some(_) | None => ("", line),
        };
        let (line, asked) = words::asked(line);
        if self.set_wall(line) {
            return;
        }
        if let Some(labels) = line.strip_prefix("expect ") {
            return self.core.expect(labels.split(' ').map(Into::into));
        }
        if let Some(settings) = line.strip_prefix("load") {
            let settings: Vec<&str> = settings.split(';').map(str::trim).collect();
            return self.load(name, &settings, asked);
        }
        let index = self.cast.iter().rposition(|role| role.name == name).expect("a loaded service");
        let event = words::event(service(index), line, asked, &mut self.cast[index].policy);
        self.handle(event);
    }

    fn load(&mut self, name: &str, settings: &[&str], asked: words::Asked) {
        let mut loaded = Settings::default();
        settings.iter().filter(|line| !line.is_empty()).for_each(|line| loaded.set(line));
        let policy = loaded.policy.clone();
        let id = service(self.cast.len());
        self.cast.push(Role { name: name.to_owned(), policy, shown: "down".to_owned() });
        self.handle(Event::Load(Box::new(loaded.load(id, name, asked))));
    }

    /// Sets the clock on the wall, if that is what a line is about.
    fn set_wall(&mut self, line: &str) -> bool {
        for part in line.split("; ") {
            let Some(wall) = triggers::wall(part, self.now, &self.wall) else { return false };
            self.shows_wall = true;
            self.wall = wall.clone();
            self.handle(Event::Wall(wall));
        }
        true
    }

    fn handle(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.core.handle(self.now, event, &mut actions);
        while !actions.is_empty() {
            actions = self.perform(&actions);
        }
    }

    /// Tells the actions; yields what comes of forgetting services.
    fn perform(&mut self, actions: &[Action]) -> Vec<Action> {
        let mut more = Vec::new();
        for (index, &action) in actions.iter().enumerate() {
            let is_told_again = actions[index + 1..].contains(&action);
            if is_told_again && matches!(action, Action::Announce(_)) {
                continue;
            }
            let Some((id, text)) = self.tell(action, &mut more) else { continue };
            let name = id.map(|id| self.cast[id.0 as usize - 1].name.as_str()).unwrap_or_default();
            let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
            self.lines.push(format!("{:<6}  {name}{text}", words::time(self.now)));
        }
        more
    }

    /// The line of an action; none for news that a state is as it was.
    fn tell(
        &mut self,
        action: Action,
        more: &mut Vec<Action>,
    ) -> Option<(Option<ServiceId>, String)> {
        let run =
            |verb, run: supervisor_core::Run| (Some(run.service), format!("{verb} {}", run.number));
        Some(match action {
            Action::Spawn(one) => {
                let by = triggers::by(self.core.service(one.service)?.cause());
                let shown = triggers::shown(&self.wall, self.now);
                let at = if self.shows_wall { format!(" at {shown}") } else { String::new() };
                (Some(one.service), format!("spawn {}{by}{at}", one.number))
            }
            Action::Terminate(one) => run("terminate", one),
            Action::Kill(one) => run("kill", one),
            Action::Note(_) => return None,
            Action::Store(id) => (Some(id), words::stored(self.core.service(id)?)),
            Action::Announce(id) => {
                let mut state = words::state(self.core.service(id)?);
                let since = self.core.service(id)?.since();
                if since < self.now {
                    let _ = write!(state, ", since {}", words::time(since));
                }
                let shown = &mut self.cast[id.0 as usize - 1].shown;
                if *shown == state {
                    return None;
                }
                shown.clone_from(&state);
                (Some(id), format!("is {state}"))
            }
            Action::Reply { request, service, answer } => {
                (Some(service), format!("reply {} {}", request.0, words::answer(answer)))
            }
            Action::Forget(id) => {
                self.core.forget(id, self.now, more);
                (Some(id), "forget".to_owned())
            }
            Action::Finish => (None, "finish".to_owned()),
        })
    }
}

/// When it moves on by itself, whatever its triggers do.
fn due(state: State) -> Option<Moment> {
    match state {
        State::Stopping { kill_at, .. } | State::Clearing { kill_at, .. } => kill_at,
        State::Backoff { until } => Some(until),
        State::Down
        | State::Waiting
        | State::Spawning { .. }
        | State::Up { .. }
        | State::Failed => None,
    }
}

fn service(index: usize) -> ServiceId {
    ServiceId(u32::try_from(index).expect("a small cast") + 1)
}
