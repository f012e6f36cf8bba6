//! One exact conversation: every exchange is expected by its line and answered by hand, everything else is done at once
//! by a calm [`World`].
//!
//! ```
//! use lugger_tests::{script::Script, sim::{Scenario, registry::Answer}};
//!
//! let mut script = Script::pull(Scenario::plain(vec![b"layer".to_vec()]));
//! script.expect("GET https://registry.example/v2/team/app/manifests/1.0").answer(Answer::error(404, "MANIFEST_UNKNOWN"));
//! assert!(script.finish().unwrap_err().to_string().contains("not found"));
//! ```

use std::{collections::VecDeque, time::Duration};

use http::HeaderMap;
use lugger_core::{
    effect::{
        Notice, Request,
        http::{Exchange, NetError, NetErrorKind, Response},
        route::Route,
    },
    error::Error,
    event::Event,
    op::{Cx, Op, Output, Ticket, Why},
    registry::bridge,
    verb::{self, Pull, Pulled},
};

use url::Url;

use crate::sim::{
    Arrival, End, Faults, Mark, Scenario, Sent, World,
    registry::{Answer, Asked, HOST, Ranges, kind},
    timed_out,
};

/// The right to answer an exchange.
type Answers = Ticket<Result<Response, NetError>>;

/// An operation whose exchanges are answered by hand.
pub struct Script<T> {
    /// What it runs in: its store can be prepared and looked at.
    pub world: World,
    /// Every sleep: why, and how long.
    pub slept: Vec<(Why, Duration)>,
    /// Every event.
    pub events: Vec<Event>,
    op: Op<T>,
    asked: VecDeque<(Box<Exchange>, Answers)>,
    done: Option<Result<T, Error>>,
}

impl Script<Pulled> {
    /// The pull of a scenario, one thing at a time.
    pub fn pull(scenario: Scenario) -> Self {
        Self::pull_in(calm(scenario), |_| {})
    }

    /// The pull of a world, with changes to what is wanted.
    pub fn pull_in(mut world: World, change: impl FnOnce(&mut Pull)) -> Self {
        world.scenario.limits.concurrency = 1;
        Self::pull_at_once(world, change)
    }

    /// The same, as many things at once as the scenario says.
    pub fn pull_at_once(world: World, change: impl FnOnce(&mut Pull)) -> Self {
        let mut want = world.pull();
        change(&mut want);
        Self::new(world, async |cx| verb::pull(cx, want).await)
    }
}

/// A world in which nothing happens by itself.
pub fn calm(scenario: Scenario) -> World {
    World::new(scenario, 0, Faults::none())
}

impl<T: 'static> Script<T> {
    /// A flow in a world.
    pub fn new(mut world: World, flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static) -> Self {
        let op = Op::new(world.setup(), flow);
        Self::over(world, op)
    }

    /// An operation that was made in a world.
    pub fn over(world: World, op: Op<T>) -> Self {
        Self { world, slept: Vec::new(), events: Vec::new(), op, asked: VecDeque::new(), done: None }
    }

    /// Runs until nothing goes on without an answer. Pauses pass at once.
    fn run(&mut self) {
        while self.done.is_none() {
            match self.op.poll(self.world.clock.now()) {
                Output::Request(Request::Exchange(exchange, ticket)) => {
                    self.world.log(Mark::Request, &format_args!("#{} exchange {exchange}", ticket.id()));
                    self.asked.push_back((exchange, ticket));
                }
                Output::Request(Request::Pump(pump, ticket)) => {
                    self.world.log(Mark::Request, &format_args!("#{} pump {pump}", ticket.id()));
                    self.world.pump(&mut self.op, *pump, ticket);
                }
                Output::Request(request) => {
                    self.world.log(Mark::Request, &format_args!("#{} {request}", request.id()));
                    self.world.store_request(&mut self.op, request, false);
                }
                Output::Notice(Notice::Forget(_)) => {}
                Output::Notice(notice) => {
                    self.world.log(Mark::Notice, &notice);
                    self.world.notice(notice);
                }
                Output::Event(it) => {
                    self.world.event(&it);
                    self.events.push(it);
                }
                Output::Wait(_) if !self.asked.is_empty() => break,
                Output::Wait(None) => panic!("it waits for nothing:\n{}", self.world.transcript),
                Output::Wait(Some(wake)) => {
                    self.slept.push((wake.why, wake.at.since(self.world.clock.now())));
                    self.world.clock.reach(wake.at);
                }
                Output::Done(result) => {
                    let said = result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
                    self.world.log(Mark::Done, &said);
                    self.world.grants.extend(&self.op.take_learnt());
                    self.world.check_released("at the end", 0);
                    self.world.check_transcript();
                    self.done = Some(result);
                }
            }
        }
        assert_eq!(self.world.violation, None, "\n{}", self.world.transcript);
    }

    /// The next exchange, which must be this: `METHOD url [range] [(authorized)]`.
    #[track_caller]
    pub fn expect(&mut self, line: &str) -> Expected<'_, T> {
        self.run();
        let next = self.asked.pop_front();
        let Some((exchange, ticket)) = next else {
            panic!("expected {line}, but it ended\n{}", self.world.transcript)
        };
        assert_eq!(exchange.to_string(), line, "\n{}", self.world.transcript);
        self.world.check_secrets(&exchange);
        Expected { script: self, exchange, ticket }
    }

    /// The line of the next exchange.
    #[track_caller]
    pub fn next_line(&mut self) -> String {
        self.peek_line().expect("it asks for something")
    }

    /// The line of the next exchange, if there is one.
    pub fn peek_line(&mut self) -> Option<String> {
        self.run();
        self.asked.front().map(|(exchange, _)| exchange.to_string())
    }

    /// Lets the world's registry answer the next exchange.
    #[track_caller]
    pub fn serve_one(&mut self) {
        let line = self.next_line();
        self.expect(&line).serve();
    }

    /// One of the exchanges that wait for an answer, which must be among them: the same line as for [`Self::expect`].
    #[track_caller]
    pub fn expect_any(&mut self, line: &str) -> Expected<'_, T> {
        self.run();
        let Some(at) = self.asked.iter().position(|(exchange, _)| exchange.to_string() == line) else {
            panic!("{line} is not asked\n{}", self.world.transcript)
        };
        self.asked.rotate_left(at);
        self.expect(line)
    }

    /// How many exchanges wait for an answer.
    pub fn waiting(&mut self) -> usize {
        self.run();
        self.asked.len()
    }

    /// Lets the world's registry answer all that is still asked; how often it was asked for what.
    pub fn serve_rest(&mut self) -> Vec<Asked> {
        let mut served = Vec::new();
        loop {
            self.run();
            let Some((exchange, ticket)) = self.asked.pop_front() else { return served };
            self.world.check_secrets(&exchange);
            served.push(kind(&exchange));
            Expected { script: &mut *self, exchange, ticket }.serve();
        }
    }

    /// How it ended. It must not ask for anything more.
    #[track_caller]
    pub fn finish(&mut self) -> Result<T, Error> {
        self.run();
        if let Some((exchange, _)) = self.asked.front() {
            panic!("it goes on with {exchange}\n{}", self.world.transcript);
        }
        self.done.take().expect("it ended and nobody has taken the result")
    }
}

/// An exchange that waits for its answer.
#[must_use]
pub struct Expected<'s, T> {
    script: &'s mut Script<T>,
    exchange: Box<Exchange>,
    ticket: Answers,
}

impl<T: 'static> Expected<'_, T> {
    /// What it was sent with.
    pub fn headers(&self) -> &HeaderMap {
        &self.exchange.headers
    }

    /// Its body.
    pub fn body(&self) -> &str {
        std::str::from_utf8(&self.exchange.body).expect("what is sent here is text")
    }

    /// Answers.
    pub fn answer(self, answer: Answer) {
        self.send(Sent::whole(answer));
    }

    /// Answers, but the body ends at a byte, in this way.
    pub fn cut(self, answer: Answer, at: usize, end: End) {
        let mut sent = Sent::whole(answer);
        sent.cut(at, end);
        self.send(sent);
    }

    /// Answers as the world's registry does.
    pub fn serve(mut self) {
        let answer = self.usual();
        self.answer(answer);
    }

    /// What the world's registry answers.
    pub fn usual(&mut self) -> Answer {
        let now = self.script.world.clock.now();
        let answer = self.script.world.registry.answer(&self.exchange, now, Ranges::Served);
        answer.unwrap_or_else(|| panic!("nobody listens at {}", self.exchange))
    }

    /// Answers as the world's registry does, after some time.
    pub fn serve_after(self, time: Duration) {
        self.script.world.clock.spend(time);
        self.serve();
    }

    /// What the world's registry would answer to the same request as nobody: what a good mirror gives.
    pub fn mirrored(&mut self) -> Answer {
        self.as_nobody(&format!("https://{HOST}{}", self.exchange.url.path()))
    }

    /// What a bridge answers when all is well: what the world's registry says to the same question.
    pub fn relayed(&mut self) -> Answer {
        let url = &self.exchange.url;
        let what = url.path().strip_prefix("/api/v1/").expect("it asks the bridge");
        let asked =
            bridge::Asked::parse(what, url.query().unwrap_or_default()).expect("a question that can be read");
        let (repository, rest) = match &asked {
            bridge::Asked::Manifest(it) => {
                let what =
                    it.digest().map_or_else(|| it.tag().unwrap_or_default().to_owned(), ToString::to_string);
                (it, format!("manifests/{what}"))
            }
            bridge::Asked::Blob { repository, digest, .. } => (repository, format!("blobs/{digest}")),
            bridge::Asked::Tags { repository, .. } => (repository, "tags/list".to_owned()),
            other => panic!("no registry answers {other:?}"),
        };
        self.as_nobody(&format!("https://{HOST}/v2/{}/{rest}", repository.path()))
    }

    fn as_nobody(&mut self, url: &str) -> Answer {
        let mut exchange = self.exchange.clone();
        exchange.url = Url::parse(url).expect("a URL made here is valid");
        let now = self.script.world.clock.now();
        let answer = self.script.world.registry.answer(&exchange, now, Ranges::Served);
        answer.expect("the registry listens")
    }

    /// Answers as a good mirror does.
    pub fn mirror(mut self) {
        let answer = self.mirrored();
        self.answer(answer);
    }

    /// How its connection is made.
    pub fn route(&self) -> &Route {
        &self.exchange.route
    }

    /// No response.
    pub fn fails(self, kind: NetErrorKind) {
        let Self { script, ticket, .. } = self;
        script.world.reply(&mut script.op, ticket, Err(NetError::new(kind, "")), false);
    }

    fn send(self, sent: Sent) {
        let Self { script, exchange, ticket } = self;
        let answer = match script.world.net.arrive(&exchange, sent) {
            Arrival::Now(answer) => answer,
            Arrival::Never => Err(timed_out()),
        };
        script.world.reply(&mut script.op, ticket, answer, false);
    }
}
