"""Who may do what where: the checks that come before every use case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakejobs.model.identity import Caller, Owner, ResourceGroup, restrictions_of
from fakejobs.model.job import Job, Spec
from fakejobs.model.refusal import Refusal

if TYPE_CHECKING:
    from fakejobs.hub.state import State


def allow(state: State, caller: Caller, namespace: str, permission: str) -> Owner:
    """The owner of ``namespace``, if the caller has the permission (``read`` or ``write``) there, or in one of its resource groups.

    Args:
        state: of the hub.
        caller: who.
        namespace: the name of a user or an organisation, or the id of a resource group.
        permission: ``read`` or ``write``.

    Raises:
        Refusal: 404 if there is no such namespace; 403, in the Hub's words, without the permission.
    """
    identity = state.settings.identity
    owner = identity.owner(namespace)
    if owner is None:
        known = ", ".join(identity.namespaces())
        raise Refusal(
            404, state.settings.quirks.namespace_not_found, hint=f"the namespaces here are: {known}"
        )
    groups = groups_of(state, caller, owner, permission)
    if groups is not None and (owner.group.id not in groups if owner.group is not None else not groups):
        raise _forbidden(state, caller, owner, namespace, permission)
    return owner


def allow_ungrouped(state: State, caller: Caller, namespace: str, permission: str) -> Owner:
    """The same for what belongs to no resource group, as buckets and datasets here: a permission in one of the groups is not enough.

    Raises:
        Refusal: as for `allow`; 404 for the id of a resource group, which is no namespace of repositories.
    """
    identity = state.settings.identity
    owner = identity.owner(namespace)
    if owner is None or owner.group is not None:
        known = ", ".join(identity.namespaces())
        raise Refusal(
            404, state.settings.quirks.namespace_not_found, hint=f"the namespaces here are: {known}"
        )
    groups = groups_of(state, caller, owner, permission)
    if groups is not None and None not in groups:
        raise _forbidden(state, caller, owner, namespace, permission)
    return owner


def groups_of(
    state: State, caller: Caller, owner: Owner, permission: str = "read"
) -> frozenset[str | None] | None:
    """In which resource groups of an owner the caller has the permission, as `Identity.groups_of` says it."""
    token = caller.token
    if token.permissions is None and caller.user.name == owner.name:  # most calls
        return None if permission == "read" or token.role != "read" else frozenset()
    write_reads = state.settings.quirks.job_write_reads == "yes"
    return state.settings.identity.groups_of(caller, owner.name, permission, write_reads=write_reads)


def group_for(state: State, caller: Caller, owner: Owner, spec: Spec) -> ResourceGroup | None:
    """The resource group that a new job belongs to: the one that stands for the namespace, or the one that the job names.

    Raises:
        Refusal: the organisation has no such group (`Quirks.unknown_resource_group`), or the caller may not write there.
    """
    org = state.settings.identity.org(owner.name)
    named = spec.get("resourceGroupId")
    group = owner.group
    if isinstance(named, str) and org is not None and org.groups:
        group = org.group(named)
        if group is None or (owner.group is not None and owner.group != group):
            known = ", ".join(f"{each.name} ({each.id})" for each in org.groups)
            raise Refusal(
                int(state.settings.quirks.unknown_resource_group),
                "Resource group not found",
                hint=f"the resource groups of {org.name} are: {known}",
            )
    allowed = groups_of(state, caller, owner, "write")
    if allowed is not None and (None if group is None else group.id) not in allowed:
        raise _forbidden(state, caller, owner, owner.name, "write", group)
    return group


def group_shown(group: ResourceGroup) -> dict[str, object]:
    """A resource group, as jobs show it."""
    shown: dict[str, object] = {"id": group.id, "name": group.name}
    if group.members is not None:
        shown["numUsers"] = len(group.members)
    return shown


def check_job(state: State, caller: Caller, owner: Owner, job: Job, permission: str) -> None:
    """Whether the caller, who was let into the namespace, may do that with this job of it.

    Raises:
        Refusal: 404, as if it did not exist, where the caller may not even read; 403 where it may not write.
    """
    group = job.resource_group
    readable = groups_of(state, caller, owner, "read")
    if (owner.group is not None and owner.group.id != group) or (
        readable is not None and group not in readable
    ):
        raise Refusal(404, state.settings.quirks.job_not_found)
    if permission == "write":
        writable = groups_of(state, caller, owner, "write")
        if writable is not None and group not in writable:
            raise _forbidden(state, caller, owner, owner.name, "write")


def _forbidden(
    state: State,
    caller: Caller,
    owner: Owner,
    namespace: str,
    permission: str,
    group: ResourceGroup | None = None,
) -> Refusal:
    return Refusal(
        403,
        "You don't have the required permissions to complete this action on namespace "
        f"{namespace}, missing permissions: job.{permission}",
        hint=_reason(state, caller, owner, group or owner.group),
    )


def _reason(state: State, caller: Caller, owner: Owner, group: ResourceGroup | None) -> str:
    """Why somebody may not, for whoever wonders: the Hub says the same of all reasons."""
    user, token = caller.user.name, caller.token
    org = state.settings.identity.org(owner.name)
    if org is None and user != owner.name:
        return f"{user} is not {owner.name}"
    if org is not None and (restrictions := restrictions_of(org, token)):
        return f"{owner.name} restricts access: {', '.join(restrictions)}"
    if org is not None:
        role = org.role_of(user, group)
        place = owner.name if group is None else f"{owner.name}/{group.name}"
        if role is None:
            return f"{user} is no member of {place}"
        if role in ("read", "no_access"):
            return f"the role of {user} in {place} is {role}"
    if token.permissions is None:
        return f"the role of this token is {token.role}"
    granted = {name: list(each) for name, each in token.permissions.items()}
    return f"this token has: {granted}"
