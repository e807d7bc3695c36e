"""The screens of sign-in flows: what they show as typed values, and how they become HTML."""

from avow.server.screens.brands import Sheet, brand_of, brand_sheet, style_sheet
from avow.server.screens.rendering import Brand, Component, Face, Page, render, text_of, title_of
from avow.server.screens.values import SCREENS, Said, Screen

__all__ = [
    "SCREENS",
    "Brand",
    "Component",
    "Face",
    "Page",
    "Said",
    "Screen",
    "Sheet",
    "brand_of",
    "brand_sheet",
    "render",
    "style_sheet",
    "text_of",
    "title_of",
]
