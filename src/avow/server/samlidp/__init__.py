"""The SAML identity provider of every SAML application: who asks, who is told what, and log-outs.

The pages have its front door (`pages/saml.py`), since people sign in there; core/saml/idp decides.
"""
