//! Root steps down to an existing user, and stays in reach of it.

use super::*;

#[test]
fn finds_an_unprivileged_user_and_never_root() {
    let passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\nbroken:x\n";
    assert_eq!(find(passwd, "nobody"), Some(User { uid: 65534, gid: 65533 }));
    assert_eq!(find(passwd, "root"), None);
    assert_eq!(find(passwd, "broken"), None);
    assert_eq!(find(passwd, "absent"), None);
}

#[test]
fn stays_where_it_is_when_everyone_can_get_there() {
    let user = User { uid: 65534, gid: 65534 };
    assert_eq!(
        reachable(Path::new("/not/yet/there"), Some(&user)).expect("nothing is created"),
        Path::new("/not/yet/there")
    );
}
