//! Sessions in Redis, on one server or on a Redis Cluster.
//!
//! ```no_run
//! use std::time::Duration;
//! use webstack_store::{Created, Entry, Store, Updated};
//! use webstack_store_redis::RedisStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::builder("redis://alice:secret@redis.example:6379/2")
//!     .namespace("shop")
//!     .timeout(Duration::from_secs(1))
//!     .build()?; // asks nobody yet
//!
//! let id = "00112233445566778899aabbccddeeff".parse()?;
//! let entry = |text: &'static str| Entry { bytes: text.into(), expires: None, owner: None };
//! let Created::New(version) = store.create(&id, entry("one")).await? else { panic!("it is new") };
//! assert!(matches!(store.update(&id, version, entry("two")).await?, Updated::Applied(_)));
//! # Ok(()) }
//! ```
//!
//! It needs Redis 6.2 or newer, and a tokio runtime with time and I/O enabled.
//!
//! # URLs
//!
//! | URL | what it names |
//! |---|---|
//! | `redis://host:6379/0` | one server, and a database of it |
//! | `rediss://host` | the same over TLS: feature `tls` |
//! | `redis+cluster://one:7000,two:7000` | a cluster, by some of its nodes; it names the others itself |
//! | `rediss+cluster://one,two` | the same over TLS |
//! | `…?namespace=shop` | with what keys begin; `webstack` if nobody says |
//!
//! `user:password@` or `:password@` stands before the first host, percent-encoded. Whether it is a cluster is said and
//! not guessed: a node of a cluster looks like a server until a key is elsewhere. There is no registered scheme for a
//! cluster; this one follows `redis+unix` of the crate `redis`. TLS trusts the certificates that the system trusts, or those in the file
//! that `SSL_CERT_FILE` names.
//!
//! # What an operation costs
//!
//! Requests to the server that follow each other; what goes out together counts once.
//!
//! | operation | requests |
//! |---|---|
//! | `load` | 1: `GET` |
//! | `create`, `update`, `touch`, `remove` | 1: a script |
//! | `update` that meets a conflict | 1: the entry comes along |
//! | `create` with an owner | 2: the marker at the owner before it |
//! | `update` that gives the session an owner, another one | 3, 4: refused, new marker, entry, old marker |
//! | `update`, `touch` of an owned session that lives on | 1; 3 once a day, when its marker needs to live on as well |
//! | `remove` with an owner | 2: the marker after it |
//! | `owned_by` | 2: the markers, then their entries, 256 at a time |
//! | `reserve` | 3: the markers, what each entry begins with, a script |
//! | `list` | 2 for a page of a full store; about 20 where few sessions are spread thin |
//! | `purge` | 16 for 4096 counts, and 2 to 4 for every eighth of them where something is removed |
//!
//! A purge looks at what it removes and at nothing else; its counts cost the same however many sessions there are. A
//! script that the server does not know, after a restart say, costs one request more, once.
//!
//! # What is promised
//!
//! * **Each operation is atomic**: one script, in one slot. It has been done as a whole or not at all.
//! * **Time is the application's clock.** Deadlines hold to its millisecond. Redis' own expiry only frees memory: it is set an
//!   hour behind the moment from which nobody can need the entry. Deadlines after the year 280,000 are rounded.
//! * **A version is a random number of 64 bits**, so it never means two states: not after an id was removed and created
//!   again, and not after a failover has undone a write. A count would.
//! * **Nothing is written twice.** A request whose answer is lost is answered
//!   [`Unavailable`](webstack_store::StoreError::Unavailable), and it may have been done or not, as with any future that is
//!   dropped. Only reading is repeated by itself, and what a server refused without doing it (`MOVED`, `ASK`, `TRYAGAIN`,
//!   `READONLY`, `NOSCRIPT`). Should a script arrive twice all the same, it knows its own write by the version: `create`
//!   answers `New` and `update` answers `Applied`, as the first time.
//! * **Every operation ends within the time limit**, connecting included. A lost connection is made anew by the next operation,
//!   mostly before anything is sent into it; operations that meet a restart at the very moment are `Unavailable`.
//! * **One connection for each runtime**, made at the first operation. A connection is driven by the runtime in which it was
//!   made, so sharing it between runtimes would let one hang on the other.
//!
//! What is wrong is told by kind: nobody there, loading, failing over, out of memory is `Unavailable`; not let in, not permitted,
//! a certificate that is not trusted, a foreign key where an index should be is `Broken`; something else under the key of
//! an entry is `Corrupt`. `remove` removes what stands under that key, whatever it is and whatever stands beside it.
//!
//! # What Redis does not promise
//!
//! Redis acknowledges a write before a replica, or the disk, has it. After a failover the last moments may be missing:
//! changes to sessions, sessions, and **logouts**. Versions do not collide by that. A marker may be missing while
//! its session is there, if the master of the one fails and of the other does not: `owned_by` and `reserve` miss that session until
//! its marker is written again, a day later at most. `min-replicas-to-write 1` and `appendfsync always` make the window
//! small; whoever needs none needs another store.
//!
//! `maxmemory-policy` has to be `noeviction`, its default: any other one ends sessions at random, and may take indexes away
//! while the sessions stay.
//!
//! # How it is kept
//!
//! | key | type | what |
//! |---|---|---|
//! | `{shop:3f0}:3f0a…` | string | a session; the tag has the first three digits of its id |
//! | `{shop:3f0}:x` | sorted set | the ids of these sessions, by deadline |
//! | `{shop:o:OWNER}` | hash | id → nonce, since when, until when: an owner's sessions, and places kept for him |
//!
//! An entry and its index have one slot. An owner has another one, so nothing writes both at once. **Marker first, verified
//! when read:** a session that is given to an owner has its marker before; whoever reads a marker looks at the
//! entry, and takes the marker away only if the entry is another's, the marker is older than
//! [`GRACE`](webstack_store::GRACE) and nobody has written it again: its nonce says so. A marker that belongs to an entry
//! has the nonce that is written in the entry, so what `remove`, a change of owner and `purge` take away afterwards is
//! that marker and not a newer one.
//!
//! **A marker outlives its entry.** It is good until twice the time that the session has left, a day longer than the
//! deadline at least, and the entry knows until when. The script that moves a deadline beyond that refuses, changes nothing, and asks for
//! a longer marker first. The hash expires when its longest marker does, never before. What crashes leave in it goes with the
//! next marker of that owner, or with the hash.
//!
//! An index has members as long as there are sessions, and those that Redis let expire until somebody purges; every `create`
//! takes two of them along in its part, so an index stays in bounds though nobody ever purges.
//!
//! # How much memory
//!
//! A record of 300 bytes takes 585 bytes of a Redis 7.0, measured over 100,000 sessions: 488 by `MEMORY USAGE` for the entry, 30 to
//! 35 in the index, the rest for the table of keys and of expiries. With an owner who has no other session it takes
//! 884 (200 for the hash by `MEMORY USAGE`). As a hash of its own fields the entry would take 736: a field longer than 64 bytes
//! loses the compact form.
//!
//! # Telling of changes
//!
//! The store [watches](webstack_store::Watch), so a [`Cached`](webstack_store::Cached) one answers for longer than its staleness
//! what has not changed. Whoever watches has a connection of their own to the server, to each master of a cluster, on which
//! `CLIENT TRACKING` has it push the names of all keys of the namespace that are written, removed, or expire, whichever
//! client does it. What operations cost is the same with it and without.
//!
//! | happens | is told as |
//! |---|---|
//! | a session is created, updated, touched so that it lives longer, removed, purged, evicted, moved to another node | `changed` |
//! | `FLUSHALL`, `FLUSHDB` in whichever database | `lost`, and `begun` at once |
//! | a connection ends, or gives no sign of life within the time limit; a master becomes a replica, comes or goes | `lost`, and `begun` when all masters tell again |
//! | an index or a marker changes, or another namespace | nothing |
//!
//! A sign of life is `HELLO` and `PING`, in a cluster `CLUSTER NODES`, on the same connection. A server puts its pushes before the
//! answer to whoever made the change, so once a sign of life is answered, all that anybody was told had been done when it was
//! asked for has been told of. Pushes are handled as they are read: there is no buffer in between that could overflow. A lost server is
//! looked for after 50 milliseconds, then after up to twice as long each time, every two seconds at most.
//!
//! **What it costs the server:** nothing for each key, because it is asked for a prefix (`BCAST`) and remembers no keys; for each
//! write, about 100 bytes for each process that watches; and the signs of life, three in each
//! staleness. Who watches receives the names of all sessions that change, those that it does not hold too.
//!
//! **What it needs:** a user with permissions needs `client|tracking`, and in a cluster `cluster|nodes`. Where that is refused,
//! or something in between does not speak RESP3, nothing is ever told, and a cache asks again when its staleness is over.
//!
//! **What is not told:** `SWAPDB`, which Redis does not push. And a sign of life of a cluster is as good as a read: while a
//! master is cut off from the others and has not noticed, it answers both. Others that can be reached show that it was
//! replaced.
//!
//! # On a cluster
//!
//! The 4096 tags of a namespace are spread over all masters. All reading is done at masters. While a slot moves, sessions of which one
//! key is here and one there can be read and not written (`Unavailable`) until both are there. While a master is
//! down, its third of the sessions is `Unavailable` until a replica takes over, and the others go on; `list` and
//! `purge` need all masters.
#![forbid(unsafe_code)]

mod address;
mod answer;
mod asking;
mod builder;
mod entries;
mod fault;
mod keys;
mod lifetime;
mod link;
mod listing;
mod owners;
mod places;
mod purge;
mod record;
mod script;
mod store;
mod watch;

pub use address::InvalidUrl;
pub use builder::RedisStoreBuilder;
pub use store::RedisStore;
