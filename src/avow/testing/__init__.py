"""Avow in the tests of an application: a server in the process, with an outbox and a clock that the test moves.

The pytest plugin comes with the package: ask for the fixture `avow`.

    def test_sign_in(avow):
        client = avow.client()
        client.otp.sign_up_or_in(DeliveryMethod.EMAIL, "mia@example.com")
        session = client.otp.verify_code(DeliveryMethod.EMAIL, "mia@example.com", avow.code("mia@example.com"))
"""
