# A module named ExchangeOnlineManagement that is ExchangeOnlineRs under that name, for scripts that look for it: they test for a
# loaded or installed module of this name, import it, or require it. It has no code of its own. Nothing finds it until somebody
# imports it by its path or adds the folder above it to PSModulePath.
@{
    # Of the major version that scripts ask for, and above each release of the original: whoever tests for at least some 3.x finds
    # it, and no update of the original replaces it.
    ModuleVersion        = '3.999.0'
    # Not the GUID of the original, which this is not.
    GUID                 = 'b1a0d6c5-6f0e-4f53-9f2e-0d8c3f1c9a74'
    Author               = 'The ExchangeOnlineRs contributors'
    CompanyName          = 'The ExchangeOnlineRs contributors'
    Copyright            = '(c) The ExchangeOnlineRs contributors. MIT licence.'
    Description          = 'ExchangeOnlineRs under the name ExchangeOnlineManagement, for scripts that look for a module of that name. It is not the module of Microsoft and has none of its code.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    NestedModules        = @('../../ExchangeOnlineRs.psd1')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    # The build writes these two lists, as it does for ExchangeOnlineRs itself.
    CmdletsToExport      = @()
    AliasesToExport      = @()
}
