//! One case being played: the loop's part, without a world.

use supervisor_core::{Action, Event, Moment, Policy, ServiceId, Supervisor};

use crate::words::{self, Settings};

/// So many timeouts in a row without other news are a livelock.
const TIMEOUTS_MAX: usize = 100;

/// A case being played.
#[derive(Default)]
pub(crate) struct Player {
    core: Supervisor,
    now: Moment,
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
    /// Loads the first service.
    pub(crate) fn begin(settings: &[&str]) -> Self {
        let mut player = Self::default();
        player.load("", settings, None);
        player
    }

    /// Lets time pass until then, or until nothing is due any more.
    pub(crate) fn run_clock(&mut self, until: Option<Moment>) {
        for _ in 0..TIMEOUTS_MAX {
            match self.core.deadline() {
                Some(deadline) if until.is_none_or(|until| deadline <= until) => {
                    self.now = self.now.max(deadline);
                    self.handle(Event::Timeout);
                }
                Some(_) | None => {
                    self.now = until.unwrap_or(self.now);
                    return;
                }
            }
        }
        panic!("timeouts without end:\n{}", self.lines.join("\n"));
    }

    /// Plays the part of a line after its `>`.
    pub(crate) fn hear(&mut self, line: &str) {
        self.lines.push(format!("{:<6}> {line}", words::time(self.now)));
        let (name, line) = match line.split_once(": ") {
            Some((name, line)) if !name.contains(' ') => (name, line),
            Some(_) | None => ("", line),
        };
        let (line, asked) = words::asked(line);
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
        self.handle(Event::Load(loaded.load(id, asked)));
    }

    fn handle(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.core.handle(self.now, event, &mut actions);
        for (index, &action) in actions.iter().enumerate() {
            let is_told_again = actions[index + 1..].contains(&action);
            if is_told_again && matches!(action, Action::Announce(_)) {
                continue;
            }
            let Some((id, text)) = self.tell(action) else { continue };
            let name = id.map(|id| self.cast[id.0 as usize - 1].name.as_str()).unwrap_or_default();
            let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
            self.lines.push(format!("{:<6}  {name}{text}", words::time(self.now)));
        }
    }

    /// The line of an action; none for news that a state is as it was.
    fn tell(&mut self, action: Action) -> Option<(Option<ServiceId>, String)> {
        let run =
            |verb, run: supervisor_core::Run| (Some(run.service), format!("{verb} {}", run.number));
        Some(match action {
            Action::Spawn(one) => run("spawn", one),
            Action::Terminate(one) => run("terminate", one),
            Action::Kill(one) => run("kill", one),
            Action::Store(id) => (Some(id), words::stored(self.core.service(id)?)),
            Action::Announce(id) => {
                let state = words::state(self.core.service(id)?);
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
                self.core.forget(id, self.now, &mut Vec::new());
                (Some(id), "forget".to_owned())
            }
            Action::Finish => (None, "finish".to_owned()),
        })
    }
}

fn service(index: usize) -> ServiceId {
    ServiceId(u32::try_from(index).expect("a small cast") + 1)
}
