"""The example of `avow.django.jwt`: one page that signs Django's users in by tokens, in each of the three modes."""
