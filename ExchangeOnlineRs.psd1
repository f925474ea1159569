@{
    RootModule           = 'ExchangeOnlineRs.dll'
    ModuleVersion        = '0.2.0'
    GUID                 = '9007c947-1833-44b3-addf-c59fcccba2a9'
    Author               = 'The ExchangeOnlineRs contributors'
    CompanyName          = 'The ExchangeOnlineRs contributors'
    Copyright            = '(c) The ExchangeOnlineRs contributors. MIT licence.'
    Description          = 'Exchange Online administration without ExchangeOnlineManagement: the same cmdlets, with a small native core that signs in and talks REST.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    # The build writes these two lists, so that PowerShell finds a cmdlet's module without loading it. Before the names of the cmdlets
    # it puts a '*': with it PowerShell is done with each after one comparison, without it after hundreds.
    CmdletsToExport      = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('Exchange', 'ExchangeOnline', 'Office365', 'Microsoft365', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            ReleaseNotes = 'Every way to sign in: web browser, device code, password, application with certificate, secret or federated token, managed identity, access token; Exchange Online and Security & Compliance; several connections at once with -Prefix and -ConnectionId; a log of cmdlets. Every documented cmdlet of the service, others by name with Invoke-ExchangeOnlineCommand.'
        }
    }
}
