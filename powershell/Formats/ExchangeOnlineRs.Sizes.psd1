# What the engine is told of sizes, as a module of its own: how they are written to files and jobs, and how one by itself is shown.
# ExchangeOnlineRs imports it out of sight with the first connection, with or without the default views.
@{
    ModuleVersion        = '0.2.0'
    GUID                 = 'c1b3c0c5-7d39-4c0e-8b57-0a2f5f6b9d11'
    Author               = 'The ExchangeOnlineRs contributors'
    CompanyName          = 'The ExchangeOnlineRs contributors'
    Copyright            = '(c) The ExchangeOnlineRs contributors. MIT licence.'
    Description          = 'The sizes of ExchangeOnlineRs in files, jobs and on the screen.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    TypesToProcess       = @('ExchangeOnlineRs.Sizes.types.ps1xml')
    FormatsToProcess     = @('ExchangeOnlineRs.Sizes.format.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
