# The default views, as a module of their own: the engine takes them when this is imported and forgets them when it is removed.
# ExchangeOnlineRs imports it out of sight with the first connection. At its own import the views would take more time than anything
# else, and nothing is there to be shown.
@{
    ModuleVersion        = '0.2.0'
    GUID                 = '5d0a3c1e-2f0b-4b7e-9a57-6c1f0f7f3a52'
    Author               = 'The ExchangeOnlineRs contributors'
    CompanyName          = 'The ExchangeOnlineRs contributors'
    Copyright            = '(c) The ExchangeOnlineRs contributors. MIT licence.'
    Description          = 'The default views of the objects of ExchangeOnlineRs.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('ExchangeOnlineRs.format.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
