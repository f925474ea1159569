@{
    RootModule           = 'Minimal.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5e0c1d0e-6a55-4f0e-9c1a-3f7a2d7c9b41'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FunctionsToExport    = @()
    CmdletsToExport      = @('Get-Nothing')
    AliasesToExport      = @()
    VariablesToExport    = @()
}
