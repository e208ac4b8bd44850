//! The front page of `svcctl --help`; the verbs, by what they are for.
//!
//! Each line is the verb's own first sentence; a test holds them together.

/// What clap fills in.
pub(super) const TEMPLATE: &str = "\
{about}

{usage-heading} {usage}

Look:
  list      Show every service in a line: PID, Status, Label, as launchctl list does
  status    Show all that is known about services
  why       Tell why services are where they are
  logs      Show what services wrote
  events    Follow what happens to services
  history   Show what happened to services, and who asked for it
  wait      Wait until services are up, down, or have exited

Change:
  add       Take in definition files, folders of them, or a program
  remove    Stop services and forget them; their logs stay
  start     Start services, and keep them as their definitions say
  stop      Stop services; they stay down until started again, also over a reboot
  restart   End the present run of services and begin a new one
  enable    Let services start again that are disabled
  disable   Keep services from starting; one that runs goes on until it ends
  apply     Read the services folder again and do what changed

No daemon needed:
  check     Tell all that is wrong with definition files, and what each system does with them
  simulate  Show what the supervisor would do with a service whose runs end as told
  export    Print a definition anew, as XML property list or JSON, with the same meaning
  schema    Print the JSON Schema of definitions or of the protocol, or the page of all keys
  completions
            Print completions of svcctl's words for a shell

The daemon:
  ping      Ask supervisord whether it is alive
  upgrade   Let supervisord become a new program, without any service noticing
  shutdown  Stop every service and end supervisord

Options:
{options}{after-help}";

/// Stands above the options that every verb has.
pub(super) const EVERYWHERE: &str = "Options everywhere";

/// What a newcomer may want to type.
pub(super) const EXAMPLES: &str = "\
launchctl's words work too: load, unload, bootstrap, bootout, kickstart [-k], print.
svcctl VERB --help tells more about a verb.

Examples:
  svcctl add web.plist                        take in a launchd property list
  svcctl add web --env PORT=80 -- ./web -v    make one for a program and take it in
  svcctl list                                 what runs, and how the last run ended
  svcctl logs -f web                          follow what it writes
  svcctl stop web                             until svcctl start web

Exit codes: 0 done, 1 refused or failed, 2 usage, 3 not running (status), 4 no such service,
5 no daemon there, 6 timed out, 7 not permitted.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::TEMPLATE;
    use crate::arguments::Arguments;

    #[test]
    fn clap_finds_nothing_wrong() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_front_page_lists_every_verb_in_its_own_words() {
        let mut command = Arguments::command();
        command.build();
        let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        for verb in verbs {
            let about = verb.get_about().unwrap();
            let line = match verb.get_name() {
                name if name.len() < 10 => format!("  {name:<10}{about}\n"),
                name => format!("  {name}\n{:<12}{about}\n", ""),
            };
            assert!(TEMPLATE.contains(&line), "not on the front page: {line}");
        }
    }

    #[test]
    fn the_front_page_fits_a_terminal() {
        for line in TEMPLATE.lines().chain(super::EXAMPLES.lines()) {
            assert!(line.chars().count() <= 96, "{line}");
        }
    }
}
