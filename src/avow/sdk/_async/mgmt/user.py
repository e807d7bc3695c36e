"""Users, as management sees and changes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from avow.sdk._async.mgmt.unsupported import with_refusals
from avow.sdk._async.mgmt.user_credentials import AsyncUserCredentials
from avow.sdk._async.mgmt.user_imports import AsyncUserImports
from avow.sdk._async.mgmt.user_passwords import AsyncUserPasswords
from avow.sdk.answers import LoginRecord
from avow.sdk.calls.mgmt import user as calls
from avow.sdk.calls.mgmt.user import CustomAttributes, Sort, UserBody, UserObj, Users, UsersBatch
from avow.sdk.options import AssociatedFamily, AssociatedTenant
from avow.wire import accountchanges as changes
from avow.wire import attributes as attribute_routes

__all__ = ["AsyncUser"]


@with_refusals("mgmt.user")
class AsyncUser(AsyncUserCredentials, AsyncUserPasswords, AsyncUserImports):
    """Create, invite, change, find and delete users; `client.mgmt.user`.

    Every call raises AuthException when it is refused, and so does an argument that the API does not take.
    """

    async def create(
        self,
        login_id: str,
        email: str | None = None,
        phone: str | None = None,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
        role_names: Sequence[str] | None = None,
        user_tenants: Sequence[AssociatedTenant] | None = None,
        picture: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        verified_email: bool | None = None,
        verified_phone: bool | None = None,
        invite_url: str | None = None,
        additional_login_ids: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        status: str | None = None,
        family_associations: Sequence[AssociatedFamily] | None = None,
    ) -> UserBody:
        """Create a user, who is `invited` until they prove an address, unless another status is named."""
        user = UserObj(
            login_id=login_id,
            email=email,
            phone=phone,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
            role_names=role_names,
            user_tenants=user_tenants,
            picture=picture,
            custom_attributes=custom_attributes,
            verified_email=verified_email,
            verified_phone=verified_phone,
            additional_login_ids=additional_login_ids,
            sso_app_ids=sso_app_ids,
            status=status,
            family_associations=family_associations,
        )
        return await self._run(self._flows.deliver(calls.create(user, invite=False, invite_url=invite_url)))

    async def create_test_user(
        self,
        login_id: str,
        email: str | None = None,
        phone: str | None = None,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
        role_names: Sequence[str] | None = None,
        user_tenants: Sequence[AssociatedTenant] | None = None,
        picture: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        verified_email: bool | None = None,
        verified_phone: bool | None = None,
        invite_url: str | None = None,
        additional_login_ids: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        status: str | None = None,
        family_associations: Sequence[AssociatedFamily] | None = None,
    ) -> UserBody:
        """Create a test user: nothing is ever sent to them."""
        user = UserObj(
            login_id=login_id,
            email=email,
            phone=phone,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
            role_names=role_names,
            user_tenants=user_tenants,
            picture=picture,
            custom_attributes=custom_attributes,
            verified_email=verified_email,
            verified_phone=verified_phone,
            additional_login_ids=additional_login_ids,
            sso_app_ids=sso_app_ids,
            status=status,
            family_associations=family_associations,
        )
        return await self._run(
            self._flows.deliver(calls.create(user, is_test=True, invite=False, invite_url=invite_url))
        )

    async def invite(
        self,
        login_id: str,
        email: str | None = None,
        phone: str | None = None,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
        role_names: Sequence[str] | None = None,
        user_tenants: Sequence[AssociatedTenant] | None = None,
        picture: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        verified_email: bool | None = None,
        verified_phone: bool | None = None,
        invite_url: str | None = None,
        send_mail: bool | None = None,
        send_sms: bool | None = None,
        additional_login_ids: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        template_id: str = "",
        test: bool = False,
        locale: str | None = None,
        family_associations: Sequence[AssociatedFamily] | None = None,
    ) -> UserBody:
        """Create a user and send them a link that signs them in."""
        user = UserObj(
            login_id=login_id,
            email=email,
            phone=phone,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
            role_names=role_names,
            user_tenants=user_tenants,
            picture=picture,
            custom_attributes=custom_attributes,
            verified_email=verified_email,
            verified_phone=verified_phone,
            additional_login_ids=additional_login_ids,
            sso_app_ids=sso_app_ids,
            family_associations=family_associations,
        )
        invited = calls.create(
            user,
            test=test,
            invite=True,
            invite_url=invite_url,
            send_mail=send_mail,
            send_sms=send_sms,
            template_id=template_id,
            locale=locale,
        )
        return await self._run(self._flows.deliver(invited))

    async def invite_batch(
        self,
        users: Sequence[UserObj],
        invite_url: str | None = None,
        send_mail: bool | None = None,
        send_sms: bool | None = None,
        locale: str | None = None,
        template_options: Mapping[str, Any] | None = None,
        template_id: str = "",
    ) -> UsersBatch:
        """Create and invite up to a hundred users; `failedUsers` names those who could not be, and why."""
        invited = calls.create_batch(
            users,
            invite_url=invite_url,
            send_mail=send_mail,
            send_sms=send_sms,
            locale=locale,
            template_options=template_options,
            template_id=template_id,
        )
        return await self._run(self._flows.deliver(invited))

    async def update(
        self,
        login_id: str,
        email: str | None = None,
        phone: str | None = None,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
        role_names: Sequence[str] | None = None,
        user_tenants: Sequence[AssociatedTenant] | None = None,
        picture: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        verified_email: bool | None = None,
        verified_phone: bool | None = None,
        additional_login_ids: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        test: bool = False,
        family_associations: Sequence[AssociatedFamily] | None = None,
    ) -> UserBody:
        """Make a user as the arguments say. What is left out is emptied; to change parts, `patch`.

        Without `additional_login_ids` and `sso_app_ids` the login IDs and the applications of the user stay.
        """
        user = UserObj(
            login_id=login_id,
            email=email,
            phone=phone,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
            role_names=role_names,
            user_tenants=user_tenants,
            picture=picture,
            custom_attributes=custom_attributes,
            verified_email=verified_email,
            verified_phone=verified_phone,
            additional_login_ids=additional_login_ids,
            sso_app_ids=sso_app_ids,
            family_associations=family_associations,
        )
        return await self._run(self._flows.deliver(calls.update(user, test=test)))

    async def patch(
        self,
        login_id: str,
        email: str | None = None,
        phone: str | None = None,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
        role_names: Sequence[str] | None = None,
        user_tenants: Sequence[AssociatedTenant] | None = None,
        picture: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
        verified_email: bool | None = None,
        verified_phone: bool | None = None,
        sso_app_ids: Sequence[str] | None = None,
        status: str | None = None,
        test: bool = False,
        family_associations: Sequence[AssociatedFamily] | None = None,
    ) -> UserBody:
        """Change what is given; everything else stays."""
        user = UserObj(
            login_id=login_id,
            email=email,
            phone=phone,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
            role_names=role_names,
            user_tenants=user_tenants,
            picture=picture,
            custom_attributes=custom_attributes,
            verified_email=verified_email,
            verified_phone=verified_phone,
            sso_app_ids=sso_app_ids,
            status=status,
            family_associations=family_associations,
        )
        return await self._run(self._flows.deliver(calls.patch(user, test=test)))

    async def patch_batch(self, users: Sequence[UserObj], test: bool = False) -> UsersBatch:
        """Patch up to a hundred users; `failedUsers` names those who could not be, and why."""
        return await self._run(self._flows.deliver(calls.patch_batch(users, test=test)))

    async def delete(self, login_id: str) -> None:
        """Delete a user with all they had."""
        await self._run(self._flows.deliver(calls.delete(login_id=login_id)))

    async def delete_by_user_id(self, user_id: str) -> None:
        """Delete a user with all they had, by id."""
        await self._run(self._flows.deliver(calls.delete(user_id=user_id)))

    async def delete_batch(self, user_ids: Sequence[str]) -> None:
        """Delete up to a thousand users by id; unknown ids are passed over."""
        await self._run(self._flows.deliver(calls.delete_batch(user_ids)))

    async def delete_all_test_users(self) -> None:
        """Delete every test user of the project."""
        await self._run(self._flows.deliver(calls.delete_all_test_users()))

    async def load(self, login_id: str) -> UserBody:
        """Return a user."""
        return await self._run(self._flows.deliver(calls.load(login_id=login_id)))

    async def load_by_user_id(self, user_id: str) -> UserBody:
        """Return a user, by id."""
        return await self._run(self._flows.deliver(calls.load(user_id=user_id)))

    async def load_users(self, user_ids: Sequence[str], include_invalid_users: bool | None = None) -> Users:
        """Return the users with these ids, in their order; unknown ids are passed over."""
        return await self._run(self._flows.deliver(calls.load_users(user_ids, include_invalid_users)))

    async def logout_user(self, login_id: str) -> None:
        """End every session of a user at once."""
        await self._run(self._flows.deliver(calls.logout(login_id=login_id)))

    async def logout_user_by_user_id(self, user_id: str) -> None:
        """End every session of a user at once, by id."""
        await self._run(self._flows.deliver(calls.logout(user_id=user_id)))

    async def search_all(
        self,
        tenant_ids: Sequence[str] | None = None,
        role_names: Sequence[str] | None = None,
        limit: int = 0,
        page: int = 0,
        test_users_only: bool = False,
        with_test_user: bool = False,
        custom_attributes: Mapping[str, Any] | None = None,
        statuses: Sequence[str] | None = None,
        emails: Sequence[str] | None = None,
        phones: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        sort: Sequence[Sort] | None = None,
        text: str | None = None,
        login_ids: Sequence[str] | None = None,
        from_created_time: int | None = None,
        to_created_time: int | None = None,
        from_modified_time: int | None = None,
        to_modified_time: int | None = None,
        user_ids: Sequence[str] | None = None,
        tenant_role_ids: Mapping[str, Any] | None = None,
        tenant_role_names: Mapping[str, Any] | None = None,
        family_ids: Sequence[str] | None = None,
        dependent: bool | None = None,
        lock_reasons: Sequence[str] | None = None,
        temp_lock_reasons: Sequence[str] | None = None,
    ) -> Users:
        """Return one page of the users that match every filter, and how many match. Times are in milliseconds."""
        found = calls.search(
            tenant_ids=tenant_ids,
            role_names=role_names,
            limit=limit,
            page=page,
            test_users_only=test_users_only,
            with_test_user=with_test_user,
            custom_attributes=custom_attributes,
            statuses=statuses,
            emails=emails,
            phones=phones,
            sso_app_ids=sso_app_ids,
            sort=sort,
            text=text,
            login_ids=login_ids,
            from_created_time=from_created_time,
            to_created_time=to_created_time,
            from_modified_time=from_modified_time,
            to_modified_time=to_modified_time,
            user_ids=user_ids,
            tenant_role_ids=tenant_role_ids,
            tenant_role_names=tenant_role_names,
            family_ids=family_ids,
            dependent=dependent,
            lock_reasons=lock_reasons,
            temp_lock_reasons=temp_lock_reasons,
        )
        return await self._run(self._flows.deliver(found))

    async def search_all_test_users(
        self,
        tenant_ids: Sequence[str] | None = None,
        role_names: Sequence[str] | None = None,
        limit: int = 0,
        page: int = 0,
        custom_attributes: Mapping[str, Any] | None = None,
        statuses: Sequence[str] | None = None,
        emails: Sequence[str] | None = None,
        phones: Sequence[str] | None = None,
        sso_app_ids: Sequence[str] | None = None,
        sort: Sequence[Sort] | None = None,
        text: str | None = None,
        login_ids: Sequence[str] | None = None,
        from_created_time: int | None = None,
        to_created_time: int | None = None,
        from_modified_time: int | None = None,
        to_modified_time: int | None = None,
        tenant_role_ids: Mapping[str, Any] | None = None,
        tenant_role_names: Mapping[str, Any] | None = None,
        family_ids: Sequence[str] | None = None,
        dependent: bool | None = None,
        lock_reasons: Sequence[str] | None = None,
        temp_lock_reasons: Sequence[str] | None = None,
    ) -> Users:
        """Return one page of the test users that match every filter, and how many match."""
        found = calls.search(
            is_test=True,
            tenant_ids=tenant_ids,
            role_names=role_names,
            limit=limit,
            page=page,
            custom_attributes=custom_attributes,
            statuses=statuses,
            emails=emails,
            phones=phones,
            sso_app_ids=sso_app_ids,
            sort=sort,
            text=text,
            login_ids=login_ids,
            from_created_time=from_created_time,
            to_created_time=to_created_time,
            from_modified_time=from_modified_time,
            to_modified_time=to_modified_time,
            tenant_role_ids=tenant_role_ids,
            tenant_role_names=tenant_role_names,
            family_ids=family_ids,
            dependent=dependent,
            lock_reasons=lock_reasons,
            temp_lock_reasons=temp_lock_reasons,
        )
        return await self._run(self._flows.deliver(found))

    async def activate(self, login_id: str) -> UserBody:
        """Let a user sign in again."""
        changed = calls.changed(changes.UPDATE_STATUS, login_id=login_id, status="enabled")
        return await self._run(self._flows.deliver(changed))

    async def deactivate(self, login_id: str) -> UserBody:
        """Keep a user from signing in, and end their sessions at once."""
        changed = calls.changed(changes.UPDATE_STATUS, login_id=login_id, status="disabled")
        return await self._run(self._flows.deliver(changed))

    async def update_login_id(self, login_id: str, new_login_id: str | None = None) -> UserBody:
        """Put another login ID in the place of one; without a new one it goes."""
        changed = calls.changed(changes.UPDATE_LOGIN_ID, login_id=login_id, new_login_id=new_login_id)
        return await self._run(self._flows.deliver(changed))

    async def update_email(
        self,
        login_id: str,
        email: str | None = None,
        verified: bool | None = None,
        fail_on_conflict: bool | None = None,
    ) -> UserBody:
        """Give a user another e-mail address, or none."""
        changed = calls.changed(
            changes.UPDATE_EMAIL, login_id=login_id, email=email, verified=verified, fail_on_conflict=fail_on_conflict
        )
        return await self._run(self._flows.deliver(changed))

    async def update_phone(
        self,
        login_id: str,
        phone: str | None = None,
        verified: bool | None = None,
        fail_on_conflict: bool | None = None,
    ) -> UserBody:
        """Give a user another phone number, or none."""
        changed = calls.changed(
            changes.UPDATE_PHONE, login_id=login_id, phone=phone, verified=verified, fail_on_conflict=fail_on_conflict
        )
        return await self._run(self._flows.deliver(changed))

    async def update_display_name(
        self,
        login_id: str,
        display_name: str | None = None,
        given_name: str | None = None,
        middle_name: str | None = None,
        family_name: str | None = None,
    ) -> UserBody:
        """Change the names that are given."""
        changed = calls.changed(
            changes.UPDATE_NAME,
            login_id=login_id,
            display_name=display_name,
            given_name=given_name,
            middle_name=middle_name,
            family_name=family_name,
        )
        return await self._run(self._flows.deliver(changed))

    async def update_picture(self, login_id: str, picture: str | None = None) -> UserBody:
        """Change the URL of a user's picture."""
        changed = calls.changed(changes.UPDATE_PICTURE, login_id=login_id, picture=picture)
        return await self._run(self._flows.deliver(changed))

    async def update_custom_attribute(self, login_id: str, attribute_key: str, attribute_val: object) -> UserBody:
        """Change one custom attribute, which the project has to define."""
        changed = calls.changed(
            changes.UPDATE_ATTRIBUTE, login_id=login_id, attribute_key=attribute_key, attribute_value=attribute_val
        )
        return await self._run(self._flows.deliver(changed))

    async def update_recovery_email(self, login_id: str, recovery_email: str, verified: bool = False) -> UserBody:
        """Change the address for account recovery."""
        changed = calls.changed(
            changes.UPDATE_RECOVERY_EMAIL, login_id=login_id, recovery_email=recovery_email, verified=verified
        )
        return await self._run(self._flows.deliver(changed))

    async def update_recovery_phone(self, login_id: str, recovery_phone: str, verified: bool = False) -> UserBody:
        """Change the number for account recovery."""
        changed = calls.changed(
            changes.UPDATE_RECOVERY_PHONE, login_id=login_id, recovery_phone=recovery_phone, verified=verified
        )
        return await self._run(self._flows.deliver(changed))

    async def set_roles(self, login_id: str, role_names: Sequence[str]) -> UserBody:
        """Give a user exactly these roles, in the project."""
        changed = calls.changed(changes.SET_ROLES, login_id=login_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def set_tenant_roles(self, login_id: str, tenant_id: str, role_names: Sequence[str]) -> UserBody:
        """Give a user exactly these roles, in one tenant."""
        changed = calls.changed(changes.SET_ROLES, login_id=login_id, tenant_id=tenant_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def add_roles(self, login_id: str, role_names: Sequence[str]) -> UserBody:
        """Give a user these roles too, in the project."""
        changed = calls.changed(changes.ADD_ROLES, login_id=login_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def add_tenant_roles(self, login_id: str, tenant_id: str, role_names: Sequence[str]) -> UserBody:
        """Give a user these roles too, in one tenant."""
        changed = calls.changed(changes.ADD_ROLES, login_id=login_id, tenant_id=tenant_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def remove_roles(self, login_id: str, role_names: Sequence[str]) -> UserBody:
        """Take these roles from a user, in the project."""
        changed = calls.changed(changes.REMOVE_ROLES, login_id=login_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def remove_tenant_roles(self, login_id: str, tenant_id: str, role_names: Sequence[str]) -> UserBody:
        """Take these roles from a user, in one tenant."""
        changed = calls.changed(changes.REMOVE_ROLES, login_id=login_id, tenant_id=tenant_id, role_names=role_names)
        return await self._run(self._flows.deliver(changed))

    async def set_sso_apps(self, login_id: str, sso_app_ids: Sequence[str]) -> UserBody:
        """Let a user reach exactly these applications; with none they may reach all."""
        changed = calls.changed(changes.SET_APPLICATIONS, login_id=login_id, sso_app_ids=sso_app_ids)
        return await self._run(self._flows.deliver(changed))

    async def add_sso_apps(self, login_id: str, sso_app_ids: Sequence[str]) -> UserBody:
        """Let a user reach these applications too; who could reach all can reach no other from now on."""
        changed = calls.changed(changes.ADD_APPLICATIONS, login_id=login_id, sso_app_ids=sso_app_ids)
        return await self._run(self._flows.deliver(changed))

    async def remove_sso_apps(self, login_id: str, sso_app_ids: Sequence[str]) -> UserBody:
        """Take applications that a user may reach; without the last one they reach none."""
        changed = calls.changed(changes.REMOVE_APPLICATIONS, login_id=login_id, sso_app_ids=sso_app_ids)
        return await self._run(self._flows.deliver(changed))

    async def add_tenant(self, login_id: str, tenant_id: str) -> UserBody:
        """Make a user a member of a tenant."""
        changed = calls.changed(changes.ADD_TENANT, login_id=login_id, tenant_id=tenant_id)
        return await self._run(self._flows.deliver(changed))

    async def remove_tenant(self, login_id: str, tenant_id: str) -> UserBody:
        """End a user's membership in a tenant."""
        changed = calls.changed(changes.REMOVE_TENANT, login_id=login_id, tenant_id=tenant_id)
        return await self._run(self._flows.deliver(changed))

    async def history(self, user_ids: Sequence[str]) -> list[LoginRecord]:
        """Return the last sign-ins of up to a hundred users, the newest first."""
        return await self._run(self._flows.deliver(calls.history(user_ids)))

    async def create_custom_attribute(
        self,
        name: str,
        display_name: str,
        type: str,
        required: bool | None = None,
        options: Sequence[str] | None = None,
    ) -> CustomAttributes:
        """Define a custom attribute of users; return all of them."""
        wanted = {"name": name, "displayName": display_name, "type": type, "required": required, "options": options}
        made = calls.custom_attributes(attribute_routes.CREATE_OF_USERS, attributes=[wanted])
        return await self._run(self._flows.deliver(made))

    async def delete_custom_attribute(self, name: str) -> CustomAttributes:
        """Remove a custom attribute with every value of it; return those that are left."""
        return await self._run(
            self._flows.deliver(calls.custom_attributes(attribute_routes.DELETE_OF_USERS, names=[name]))
        )

    async def load_custom_attributes(self) -> CustomAttributes:
        """Return the custom attributes that the project defines for users."""
        return await self._run(self._flows.deliver(calls.custom_attributes(attribute_routes.LOAD_OF_USERS)))
