//! Every promise of the store contract, on one server and on a cluster of three masters.

mod support;

use support::{SHARED, SHARED_CLUSTER, fresh};
use webstack_testkit::{StoreUnderTest, store_suite};

fn on_one_server() -> StoreUnderTest {
    fresh(SHARED.as_ref())
}

fn on_a_cluster() -> StoreUnderTest {
    fresh(SHARED_CLUSTER.as_ref())
}

store_suite!(one_server, on_one_server);
store_suite!(cluster, on_a_cluster);
