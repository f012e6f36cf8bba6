//! Getting in: what a 401 asks for, met once and shared by every request of a repository, and by the operations that follow.

mod grants;
#[cfg(feature = "files")]
mod login;
pub mod realm;
pub mod scope;
mod token;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use url::Url;

pub use self::grants::Grants;
#[cfg(feature = "files")]
pub(crate) use self::login::{Proof, prove};
use self::{
    grants::{Door, Known},
    token::Wish,
};
use super::{
    Credentials, Endpoint,
    challenge::{Challenge, challenges, select},
    place::{Given, Place},
};
use crate::{
    effect::secret::{Authorization, Origin, Secret},
    error::{Refusal, Said},
    event::{Event, Warning},
    name::Excerpt,
    op::{Cx, Once},
    small::{SmallMap, SmallSet},
    time::Instant,
};

/// What is known about getting into one repository.
#[derive(Debug)]
pub(super) struct Auth {
    /// On the heap: an operation carries this as part of its state.
    endpoint: Box<Endpoint>,
    door: Box<Door>,
    /// What was asked for last; a token that ran out is replaced without another 401.
    need: Box<RefCell<Option<Need>>>,
    /// What was got. One fetch serves all who wait for it, and a failed one is not kept.
    grants: RefCell<SmallMap<Need, Rc<Once<Grant>>>>,
    /// The user's credentials: looked up once, and again when they were refused.
    account: Box<Once<Option<Given<Secret>>>>,
    told: RefCell<SmallSet<String>>,
    /// Grants so far.
    made: Cell<u64>,
    /// Exchanges that it took so far.
    exchanges: Cell<u64>,
    /// Whether what earlier operations know was looked at.
    recalled: Cell<bool>,
}

/// What a challenge asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// A user name and password.
    Basic,
    /// A token.
    Bearer { realm: Url, service: Option<String>, scopes: Vec<String> },
}

/// What a challenge was answered with.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) authorization: Authorization,
    expires: Option<Instant>,
    /// Where the user's credentials came from, if it is nothing but them: refused once, it is refused for good.
    fixed: Option<Place>,
    /// Tells one grant from its successor.
    number: u64,
}

impl Auth {
    pub(super) fn new(endpoint: &Endpoint, credentials: Credentials) -> Self {
        Self {
            endpoint: Box::new(endpoint.clone()),
            door: Box::new(Door {
                origin: endpoint.origin(),
                repository: endpoint.repository.clone(),
                credentials,
            }),
            need: Box::default(),
            grants: RefCell::default(),
            account: Box::default(),
            told: RefCell::default(),
            made: Cell::new(0),
            exchanges: Cell::new(0),
            recalled: Cell::new(false),
        }
    }

    /// Exchanges that it took so far: those that were refused, and one for each token.
    pub(super) fn exchanges(&self) -> u64 {
        self.exchanges.get()
    }

    /// What to send along; `None` until a registry has asked for something, this operation or an earlier one.
    ///
    /// A token server is asked once: what passes is for the caller's own tries.
    pub(super) async fn grant(&self, cx: &Cx) -> Result<Option<Grant>, Refusal> {
        if !self.recalled.replace(true) {
            self.recall(cx).await;
        }
        let Some(need) = self.need.borrow().clone() else { return Ok(None) };
        let kept = self.kept(&need);
        if kept.peek().is_some_and(|grant| grant.expires.is_some_and(|at| at <= cx.now())) {
            kept.reset();
        }
        // On the heap: it is needed once, and every flow that sends something would carry its state.
        kept.get(cx, async || Box::pin(self.make(cx, &need)).await).await.map(Some)
    }

    /// Meets the challenge of a 401 that a request with `used` got.
    pub(super) async fn answer(
        &self,
        cx: &Cx,
        headers: &HeaderMap,
        used: Option<&Grant>,
    ) -> Result<(), Refusal> {
        self.exchanges.update(|count| count + 1);
        let own = scope::repository(&self.endpoint.repository, false);
        let need = Need::of(&pick(headers)?, &self.door.origin, Some(&own))?;
        let kept = self.kept(&need);
        self.need.replace(Some(need));
        // Unless another request has already replaced the grant that was refused.
        if kept.peek().map(|grant| grant.number) == used.map(|grant| grant.number) {
            kept.reset();
            if let Some(place) = used.and_then(|grant| grant.fixed.clone()) {
                self.account.reset();
                return Err(refused(&self.door.origin, place));
            }
        }
        self.grant(cx).await.map(drop)
    }

    fn kept(&self, need: &Need) -> Rc<Once<Grant>> {
        /// A registry that wants something new each time is not remembered for ever.
        const MOST: usize = 64;
        let mut grants = self.grants.borrow_mut();
        if grants.len() >= MOST && !grants.contains_key(need) {
            grants.clear();
        }
        Rc::clone(grants.get_or_insert(need.clone(), Rc::default()))
    }

    /// Takes up what earlier operations know. What of it does not hold any more is for the registry to say.
    async fn recall(&self, cx: &Cx) {
        let Some(Known { need, token }) = cx.granted(|grants| grants.recall(&self.door).cloned()) else {
            return;
        };
        let wall = cx.wall();
        let kept = self.kept(&need);
        let grant = kept.get(cx, async || match token.filter(|(_, ends)| *ends > wall) {
            Some((authorization, ends)) => {
                let left = Duration::from_secs(ends.0 - wall.0);
                Ok(self.number(authorization, Some(cx.now().after(left)), None))
            }
            None => Box::pin(self.make(cx, &need)).await,
        });
        if grant.await.is_ok() {
            self.need.replace(Some(need));
        }
    }

    async fn make(&self, cx: &Cx, need: &Need) -> Result<Grant, Refusal> {
        let find = async || Ok::<_, Refusal>(self.door.credentials.find(cx, &self.endpoint).await?);
        let account = self.account.get(cx, find).await?;
        let (authorization, expires, fixed) = match (need, account) {
            (Need::Basic, Some(Given { value: Secret::Password { username, password }, place })) => {
                (Authorization::basic(self.door.origin.clone(), &username, &password), None, Some(place))
            }
            (Need::Basic, account) => return Err(Refusal::Challenge(no_password(account.as_ref()))),
            (Need::Bearer { .. }, Some(Given { value: Secret::RegistryToken(token), place })) => {
                (self.bearer(&token)?, None, Some(place))
            }
            (Need::Bearer { realm, service, scopes }, account) => {
                let service = service.as_deref();
                let account = account.filter(|_| self.may_know(cx, realm));
                let account = account.as_ref();
                self.tell(cx, realm, account);
                self.exchanges.update(|count| count + 1);
                let wish = Wish { realm, service, scopes, account, lasting: false };
                let token = wish.ask(&cx.scope("token"), &self.endpoint).await;
                if matches!(token, Err(Refusal::Credentials { .. })) {
                    self.account.reset();
                }
                let realm = || Origin::of(realm).to_string();
                let token = token.map_err(|why| match why {
                    Refusal::Credentials { .. } => why,
                    why => Refusal::TokenServer { realm: realm(), why: Box::new(why) },
                })?;
                (self.bearer(&token.text)?, Some(token.expires), None)
            }
        };
        let left = expires.map(|expires| expires.since(cx.now()));
        let token = left.map(|left| (authorization.clone(), cx.wall().after(left)));
        cx.learn(|grants| grants.note(Door::clone(&self.door), Known { need: need.clone(), token }));
        Ok(self.number(authorization, expires, fixed))
    }

    fn number(&self, authorization: Authorization, expires: Option<Instant>, fixed: Option<Place>) -> Grant {
        self.made.update(|count| count + 1);
        Grant { authorization, expires, fixed, number: self.made.get() }
    }

    fn bearer(&self, token: &str) -> Result<Authorization, Refusal> {
        let bearer = Authorization::bearer(self.door.origin.clone(), token);
        bearer.ok_or_else(|| Refusal::Malformed("the token is no header value".to_owned()))
    }

    /// Whether the token server may get to know the credentials. That it may not is said once.
    fn may_know(&self, cx: &Cx, realm: &Url) -> bool {
        let target = Origin::of(realm);
        let trusted = realm::trusts(&self.door.origin, &target);
        let realm = target.to_string();
        if !trusted && self.told.borrow_mut().insert(format!("untrusted {realm}")) {
            cx.emit(Event::Warned(Warning::UntrustedRealm { realm }));
        }
        trusted
    }

    /// Says, once, that another host than the registry is asked.
    fn tell(&self, cx: &Cx, realm: &Url, account: Option<&Given<Secret>>) {
        let target = Origin::of(realm);
        let realm = target.to_string();
        if target.host() != self.door.origin.host() && self.told.borrow_mut().insert(realm.clone()) {
            let account = account.map(|given| given.place.to_string());
            cx.emit(Event::Authenticating { realm, account });
        }
    }
}

impl Need {
    /// What a challenge of this registry asks for; a token is for the request's own scope, too.
    fn of(challenge: &Challenge, registry: &Origin, own: Option<&str>) -> Result<Self, Refusal> {
        if challenge.scheme == "basic" {
            return Ok(Self::Basic);
        }
        let realm = realm::check(challenge.param("realm").unwrap_or_default(), registry);
        let realm = realm.map_err(|error| Refusal::Challenge(error.to_string()))?;
        let theirs = challenge.param("scope").unwrap_or_default().split(' ');
        let service = challenge.param("service").map(str::to_owned);
        Ok(Self::Bearer { realm, service, scopes: scope::merge(own, theirs) })
    }
}

/// A token and its life, for the fuzz target.
#[cfg(feature = "fuzz")]
pub(super) fn token_of(body: &[u8]) -> Result<(String, u64), Refusal> {
    token::Token::read(body, Instant(0)).map(|token| (token.text, token.expires.0))
}

/// The registry itself refused what the user has.
fn refused(registry: &Origin, place: Place) -> Refusal {
    let at = registry.to_string();
    Refusal::Credentials { at, place, status: StatusCode::UNAUTHORIZED, said: Said::default() }
}

fn no_password(account: Option<&Given<Secret>>) -> String {
    const WANTS: &str = "the registry wants a user name and password, and";
    match account {
        None => format!("{WANTS} there are none for it"),
        Some(Given { place, .. }) => format!("{WANTS} {place} has only a token for it"),
    }
}

/// The challenge to meet ([`select`]), or why there is none.
fn pick(headers: &HeaderMap) -> Result<Challenge, Refusal> {
    let found = challenges(headers);
    if let Some(challenge) = select(&found) {
        return Ok(challenge.clone());
    }
    let why = if found.is_empty() {
        "the 401 has no challenge that can be read".to_owned()
    } else if found.iter().any(|challenge| challenge.scheme == "bearer") {
        "it asks for a token, but not with one realm to ask".to_owned()
    } else {
        let schemes: Vec<_> = found.iter().map(|c| Excerpt::of(&c.scheme).to_string()).collect();
        format!("it asks for {}, we know bearer and basic", schemes.join(", "))
    };
    Err(Refusal::Challenge(why))
}
