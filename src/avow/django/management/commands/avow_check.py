"""`manage.py avow_check`: asks the server whether what the settings say is right."""

from django.core.management.base import BaseCommand, CommandError

from avow.django import clients, settings
from avow.errors import AvowError, InvalidToken

__all__ = ["Command"]

_NO_TOKEN = "not.a.token"


class Command(BaseCommand):
    """Finds out before a person does."""

    help = "Ask the Avow server whether it is there, knows the project and takes the management key."

    def handle(self, *args: object, **options: object) -> None:
        """Say what was found.

        Raises:
            CommandError: The server is away, or does not know the project or the key.
        """
        said = settings.load()
        self._ask_for_keys(said)
        self.stdout.write(f"Project {said.project_id}: its keys are there.")
        if not said.management_key:
            self.stdout.write("No management key: avow_sync needs one.")
            return
        names = self._roles()
        self.stdout.write("The management key is taken.")
        for role in filter(None, (said.is_staff_role, said.is_superuser_role)):
            if role not in names:
                self.stdout.write(f'There is no role "{role}" yet: avow role create {role}')

    def _ask_for_keys(self, said: settings.Settings) -> None:
        """Have the client fetch the keys, which a token that is none makes it do.

        Raises:
            CommandError: They cannot be had.
        """
        try:
            clients.client().refresh_session(_NO_TOKEN)
        except InvalidToken:
            return
        except AvowError as error:
            raise CommandError(f"{said.base_url}: {error.error_message}") from error

    def _roles(self) -> set[str]:
        try:
            found = clients.client().mgmt.role.load_all()
        except AvowError as error:
            raise CommandError(f"The management key is not taken: {error.error_message}") from error
        return {role["name"] for role in found["roles"]}
