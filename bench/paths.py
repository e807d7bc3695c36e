"""What is measured at every size: one request's units each, as its handler runs them, without HTTP and signatures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from avow.core import addresses
from avow.server.accesskeys import actions as access_keys
from avow.server.accounts import actions as accounts
from avow.server.accounts.search import search
from avow.server.audit import events
from avow.server.challenges import actions as challenges
from avow.server.otp import actions as otp
from avow.server.proofs import actions as proofs
from avow.server.proofs.binding import Binding
from avow.server.serving import AccessKeyCaller, Call, Client, Issued, SessionCaller
from avow.server.sessions import actions as sessions
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.tenants.actions import Wanted
from avow.server.users import actions as users
from avow.server.users.actions import NewUser
from avow.wire.accesskeys import ExchangeAccessKey
from avow.wire.accounts import OneUser
from avow.wire.audit import SearchAudit
from avow.wire.endpoint import Nothing
from avow.wire.usersearch import RolesWanted, SearchUsers, SortBy
from bench import people
from bench.people import World

__all__ = ["PATHS", "Path"]

_CLIENT = Client("203.0.113.9", "Mozilla/5.0")
_CODE = "424242"


@dataclass(frozen=True, slots=True)
class Path:
    """One kind of request.

    Attributes:
        name: For people.
        run: Does the request with this number.
        prepare: Puts what the requests with these numbers need; not measured.
        is_flat: It has to take the same at every size; otherwise it is measured for information.
        least: Users that it needs.
    """

    name: str
    run: Callable[[World, int], object]
    prepare: Callable[[World, Sequence[int]], object] = lambda _world, _numbers: None
    is_flat: bool = True
    least: int = 0


def _looks(unit: Callable[[Tx, World, int], object]) -> Callable[[World, int], object]:
    return lambda world, number: _found(world.store.look(world.project_id, lambda tx: unit(tx, world, number)))


def _runs(unit: Callable[[Tx, World, int], object]) -> Callable[[World, int], object]:
    return lambda world, number: _found(world.store.run(world.project_id, lambda tx: unit(tx, world, number)))


def _found(answer: object) -> object:
    """Refuse to measure a request that finds nothing."""
    if not answer:
        raise LookupError("a request of the benchmark found nothing")
    return answer


def _searches(wanted: Callable[[World, int], SearchUsers], expected: int) -> Callable[[World, int], object]:
    def unit(tx: Tx, world: World, number: int) -> object:
        found, _ = search(tx, wanted(world, number), is_test=False)
        if len(found) != expected:
            raise LookupError(f"{len(found)} users where {expected} were expected")
        return found

    return _looks(unit)


def _tenant(world: World, number: int) -> tuple[str, ...]:
    return (people.tenant_id(world.chosen(number)),)


def _refresh(tx: Tx, world: World, number: int) -> object:
    user = number % people.WIDE
    caller = SessionCaller(people.user_id(user), people.session_id(user), 1)
    issued = sessions.refresh(tx, Call(world.project, caller, _CLIENT, Nothing()))
    if not isinstance(issued, Issued) or len(issued.claims.tenants) <= people.TENANTS_OF_SOME - 1:
        raise LookupError("a refresh was refused")
    return issued


def _refresh_of_anyone(tx: Tx, world: World, number: int) -> object:
    user = world.chosen(number)
    caller = SessionCaller(people.user_id(user), people.session_id(user), 1)
    issued = sessions.refresh(tx, Call(world.project, caller, _CLIENT, Nothing()))
    return isinstance(issued, Issued)


def _put_codes(world: World, numbers: Sequence[int]) -> None:
    def unit(tx: Tx) -> None:
        for number in numbers:
            _put_code(tx, world.chosen(number))

    world.store.run(world.project_id, unit)


def _put_code(tx: Tx, user: int) -> None:
    user_id, address = people.user_id(user), people.email(user)
    binding = Binding(does="sign-in", method="email", address=address, folded=address, user_id=user_id)
    challenges.put(
        tx,
        purpose="otp",
        subject=user_id,
        secret=f"email:{_CODE}",
        binding=proofs.encoded(binding),
        attempts=5,
        lifetime_seconds=300,
    )


def _verify(tx: Tx, world: World, number: int) -> object:
    login_id = people.email(world.chosen(number))
    taken = otp.verify(tx, world.project, _CLIENT, login_id=login_id, method="email", code=_CODE)
    return isinstance(taken, Issued)


def _exchange(tx: Tx, world: World, _number: int) -> object:
    call = Call(world.project, AccessKeyCaller(world.key), _CLIENT, ExchangeAccessKey())
    return access_keys.exchange(tx, call)


def _create(tx: Tx, world: World, number: int) -> object:
    address = f"new-{number}-{tx.now}@example.com"
    user_id = users.create(tx, NewUser(login_id=addresses.login_id(address), email=address, name="Mia"))
    return accounts.delete(tx, [user_id], actor="bench")


def _audit(wanted: SearchAudit) -> Callable[[Tx, World, int], object]:
    return lambda tx, _world, _number: events.search(tx, wanted, None, with_none=False)[0]


PATHS = (
    Path(
        "load by id", _looks(lambda tx, world, n: accounts.load(tx, OneUser(user_id=people.user_id(world.chosen(n)))))
    ),
    Path(
        "load by login ID",
        _looks(lambda tx, world, n: accounts.load(tx, OneUser(login_id=people.email(world.chosen(n))))),
    ),
    Path("create and delete", _runs(_create)),
    Path("refresh", _runs(_refresh_of_anyone)),
    Path("refresh, 50 tenants", _runs(_refresh)),
    Path("OTP verify", _runs(_verify), prepare=_put_codes),
    Path("access-key exchange, 50 tenants", _looks(_exchange)),
    Path("search by e-mail", _searches(lambda w, n: SearchUsers(emails=(people.email(w.chosen(n)),)), 1)),
    Path("search by tenant", _searches(lambda w, n: SearchUsers(tenant_ids=_tenant(w, n)), people.MEMBERS)),
    Path(
        "search by tenant and role",
        _searches(lambda w, n: SearchUsers(tenant_ids=_tenant(w, n), role_names=("Rare",)), people.MEMBERS // 4),
    ),
    Path(
        "search by role in a tenant",
        _searches(
            lambda w, n: SearchUsers(tenant_role_names={_tenant(w, n)[0]: RolesWanted(values=("Rare",))}),
            people.MEMBERS // 4,
        ),
    ),
    Path(
        "search by text in a tenant",
        _searches(lambda w, n: SearchUsers(tenant_ids=_tenant(w, n), text="jane doe"), people.MEMBERS),
    ),
    Path(
        "search by attribute",
        _searches(lambda w, n: SearchUsers(custom_attributes={"level": w.chosen(n)}), 1),
    ),
    Path(
        "audit of a user",
        _looks(lambda tx, w, n: _audit(SearchAudit(user_ids=(people.user_id(w.chosen(n)),)))(tx, w, n)),
    ),
    Path("test users, as their deletion finds them", _looks(lambda tx, _w, _n: accounts.find_test_users(tx, ""))),
    Path(
        "tenants by domain",
        _looks(
            lambda tx, w, n: tenants.search(
                tx, Wanted(domains=(f"{people.tenant_id(w.chosen(n)).lower()}.example.com",))
            )
        ),
    ),
    Path("page 1,000 deep", _searches(lambda _w, _n: SearchUsers(limit=10, page=98), 10), is_flat=False),
    Path(
        "first page by name",
        _searches(lambda _w, _n: SearchUsers(limit=10, sort=(SortBy(field="name", desc=True),)), 10),
        is_flat=False,
    ),
    Path(
        "first page by phone",
        _searches(lambda _w, _n: SearchUsers(limit=10, sort=(SortBy(field="phone", desc=True),)), 10),
        is_flat=False,
    ),
    Path("search by text", _searches(lambda w, n: SearchUsers(text=people.email(w.chosen(n))[2:]), 1), is_flat=False),
    Path(
        "search by a common role, first page",
        _searches(lambda _w, _n: SearchUsers(limit=10, role_names=("Usual",)), 10),
        is_flat=False,
    ),
    Path("audit, newest 10", _looks(_audit(SearchAudit(limit=10))), is_flat=False),
    Path(
        "page 100,000 deep",
        _searches(lambda _w, _n: SearchUsers(limit=100, page=998), 100),
        is_flat=False,
        least=100_000,
    ),
)
