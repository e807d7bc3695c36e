"""The words of the pages, out of the catalogue that they share with the screens of flows."""

from functools import cache

from avow.server.delivery.catalogue import DEFAULT
from avow.server.screens import catalogue
from avow.server.screens.catalogue import LANGUAGES, Catalogue

__all__ = ["LANGUAGES", "Catalogue", "catalogue_for", "catalogue_of"]


def catalogue_for(accept_language: str) -> Catalogue:
    """Return the texts of the pages in the best language there is for a reader."""
    return catalogue_of(catalogue.catalogue_for(accept_language).language)


@cache
def catalogue_of(language: str) -> Catalogue:
    """Return the texts of the pages in one of `LANGUAGES`; what it does not say is said in English."""
    said = catalogue.catalogue_of(language)
    return Catalogue(language, said.direction, catalogue.catalogue_of(DEFAULT).pages | said.pages)
