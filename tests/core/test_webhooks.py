"""Signatures of webhooks, against the published example, and filters."""

from avow.core.webhooks import Filter, is_wanted, new_secret, sign


def test_signature_is_that_of_the_published_example() -> None:
    """Standard Webhooks 1.0, the example of its reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == signature


def test_each_secret_is_another_one_and_a_secret_of_ones_own_counts_by_its_bytes() -> None:
    assert new_secret() != new_secret()
    assert sign("a secret of their own", "V1", 1, b"{}") != sign("whsec_ but no base64", "V1", 1, b"{}")
    assert sign("whsec_ but no base64", "V1", 1, b"{}").startswith("v1,")


def test_signature_changes_with_everything_that_is_signed() -> None:
    secret = new_secret()
    signatures = {sign(secret, *each) for each in [("V1", 1, b"a"), ("V2", 1, b"a"), ("V1", 2, b"a"), ("V1", 1, b"b")]}
    assert len(signatures) == 4


def test_every_filter_has_to_hold() -> None:
    tenants = Filter("tenants", True, frozenset({"T1"}))
    quiet = Filter("actions", False, frozenset({"session.opened"}))
    assert is_wanted([], action="a", tenant_id="")
    assert is_wanted([tenants, quiet], action="code.refused", tenant_id="T1")
    assert not is_wanted([tenants, quiet], action="session.opened", tenant_id="T1")
    assert not is_wanted([tenants], action="a", tenant_id="T2")
    assert not is_wanted([tenants], action="a", tenant_id="")
